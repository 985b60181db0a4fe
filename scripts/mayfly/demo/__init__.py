"""The demo: files through a local AWS of its own, told as lines or as a tree."""

"""What the scripts beside this folder do, in Python: the shell only finds the interpreter."""

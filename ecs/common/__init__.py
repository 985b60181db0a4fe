"""What both containers share: settings, log, clock, AWS, the grammar of order files and reports."""

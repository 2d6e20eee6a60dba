"""What the pages about runs and results show."""

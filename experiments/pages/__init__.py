"""What the pages about experiments and providers show."""

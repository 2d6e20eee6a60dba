"""What providers and budgets allow: calls and tokens shared out among lanes, money set aside before it is spent."""

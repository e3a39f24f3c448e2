"""Policy books at the command line: read for mistakes, asked about one case, tried out on what is kept."""

"""Reports of a run: HTML, Markdown, CSV and JSON from one table."""

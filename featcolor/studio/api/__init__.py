"""What the page asks of the studio: handlers of HTTP requests, none of which knows anything of colour."""

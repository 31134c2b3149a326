"""One module a revision, oldest first by number. A revision never changes once it is released."""

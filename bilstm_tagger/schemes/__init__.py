"""Label schemes: which tag may follow which, tags to spans and back, and telling a scheme from tags."""

"""The demo's page: hand-written HTML, CSS and ES modules, served as they are; no build step, no outside host."""

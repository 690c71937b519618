"""The assistant over HTTP: models, conversations, speech, and the page that customers see."""

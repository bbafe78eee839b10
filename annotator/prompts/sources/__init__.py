"""Where prompts come from: each format yields rows, and reads the images that its rows name."""

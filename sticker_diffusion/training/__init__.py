"""One loop; recipes that give it batches and a loss; typed configurations."""

"""How good a clip is: relevance, identity, sharpness, seam, size of motion, flicker."""

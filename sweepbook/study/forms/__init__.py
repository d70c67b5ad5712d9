"""What a study may name as its trainable beside an import path, as frozen, checked values."""

"""What a study declares, checked before anything is trained: figures, claims, metrics, answers."""

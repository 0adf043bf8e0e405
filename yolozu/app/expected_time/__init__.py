"""How long stages will take, by how long they took: of all runs, the nearest like them, scaled."""

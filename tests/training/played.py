"""A process of a group, played in one process: what the others say is known beforehand."""

from yolozu.training.distributed import Group


class Played(Group):
    """Process ``rank`` of ``size``; ``words`` of the others by rank, the same whatever is asked."""

    def __init__(self, rank, size, words=None):
        self.rank, self.size, self.words, self.left = rank, size, words, False

    def all_gather(self, value):
        return [value if rank == self.rank else self.words[rank] for rank in range(self.size)]

    def to_first(self, value):
        return self.all_gather(value) if self.is_first else None

    def leave(self):
        self.left = True

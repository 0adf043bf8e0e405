from tests.engine.launchers.fake_slurm import slurm  # noqa: F401 - a fixture

from yolozu.app.migration import migrated_files


def test_a_written_file_keeps_its_permissions_and_links_to_it_stay(tmp_path):
    path, link = tmp_path / "args.yaml", tmp_path / "link.yaml"
    path.write_text("batch: 3\n")
    path.chmod(0o600)
    link.symlink_to(path)
    (entry,) = migrated_files([link], write=True)
    assert (entry.written, path.read_text(), path.stat().st_mode & 0o777) == (True, "batch_size: 3\n", 0o600)
    assert link.is_symlink()


def test_what_is_refused_keeps_no_other_file_from_changing_and_is_not_touched(tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("batch: 3\n")
    bad.write_text("batch: 3\nplots: true\n")
    entries = list(migrated_files([bad, good], write=True))
    assert [(entry.written, [finding.code for finding in entry.findings]) for entry in entries] == [
        (False, ["YZ368"]),
        (True, []),
    ]
    assert (good.read_text(), bad.read_text()) == ("batch_size: 3\n", "batch: 3\nplots: true\n")


def test_a_file_with_nothing_to_do_is_not_written(tmp_path):
    path = tmp_path / "exp.yaml"
    path.write_text("epochs: 3\n")
    before = path.stat()
    (entry,) = migrated_files([path], write=True)
    assert (entry.written, path.stat().st_ino) == (False, before.st_ino)

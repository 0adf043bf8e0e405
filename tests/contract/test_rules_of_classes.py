def test_labels_of_other_names_are_refused_without_a_guess(refusal):
    assert refusal("epochs: 1\nclass_names: [tin]\nlabeled_classes: [shoe]\n") == (
        "exp.yaml:3: labeled_classes: YZ105 'shoe' is none of the classes (class_names: exp.yaml:2)\n"
        "  fix: add it to class_names, or leave it out"
    )

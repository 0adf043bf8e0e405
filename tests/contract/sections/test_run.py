from yolozu.contract.sections.run import Contract, section_of_key


def test_every_key_has_one_section():
    owner = section_of_key()
    assert owner["lr"] == "optim"
    assert owner["model"] == "model"
    assert len(owner) == sum(len(field.annotation.model_fields) for field in Contract.model_fields.values())


def test_the_default_contract_is_valid():
    assert Contract() == Contract.model_validate(Contract().model_dump())

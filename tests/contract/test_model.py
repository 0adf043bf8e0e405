def test_heads_divide_the_encoders_width(refusal):
    assert refusal("epochs: 1\nmodel:\n  projector: {d_model: 96}\n  encoder: {num_heads: 7}\n") == (
        "exp.yaml:4: model.encoder.num_heads: YZ105 7 heads do not divide the encoder's width 96 "
        "(model.projector.d_model: exp.yaml:3)\n"
        "  fix: set model.encoder.num_heads to a divisor of 96, or change model.projector.d_model"
    )


def test_heads_divide_the_decoders_own_width(refusal):
    assert refusal("epochs: 1\nmodel: {decoder: {d_model: 64, num_heads: 6}}\n") == (
        "exp.yaml:2: model.decoder.num_heads: YZ105 6 heads do not divide the decoder's width 64 "
        "(model.decoder.d_model: exp.yaml:2)\n"
        "  fix: set model.decoder.num_heads to a divisor of 64, or change model.decoder.d_model"
    )


def test_backbones_are_offered(refusal):
    assert (
        refusal("epochs: 1\nmodel: {backbone: {name: tiny_cn}}\n").splitlines()[1] == "  fix: did you mean 'tiny_cnn'?"
    )

import onnx

from yolozu.export.layers import Layer, blocks_of, convolutions


def test_convolutions_have_the_names_of_their_modules(exported):
    layers = convolutions(onnx.load(exported.onnx))
    assert (layers[0].module, layers[0].block, layers[0].inputs) == ("backbone.stem", "backbone.stem", "images")
    assert len({layer.node for layer in layers}) == len(layers)


def test_blocks_are_the_first_parts_of_names():
    names = ("backbone.stages.2.0.conv1", "backbone.stages.2.1.conv1", "encoder.lateral.0")
    layers = [Layer(name, name, "x", "y") for name in names]
    assert blocks_of(layers) == {"backbone.stages.2": layers[:2], "encoder.lateral.0": layers[2:]}

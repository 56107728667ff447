"""The graph layers against loops and formulas; the connectome as weights, and its shuffled control."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectome.contact import Connectome, Contact, Neuron
from neuron_models.foundation.errors import InputError
from surrogates.backend import keras, tensorflow_unseen
from surrogates.calcium.graph.aggregation import GlobalAttention, GraphAttention, GraphIsomorphism, GraphSage
from surrogates.calcium.graph.edges import FixedEdges, InferredEdges, Messages, NodeFeatures, Steps
from surrogates.calcium.graph.wiring import message_weights, shuffled, signed_counts

NODES = (GraphIsomorphism, GraphSage, GraphAttention)


def nodes(batch=3, neurons=5, features=4, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, neurons, features)).astype(np.float32)


def relu(x):
    return np.maximum(x, 0)


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def built(layer, x):
    layer.build(x.shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer, layer.get_weights()


def test_node_features_gather_what_belongs_to_a_neuron():
    x = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)  # two neurons, traces then derivatives
    found = np.asarray(NodeFeatures(2)(x))
    for batch in range(2):
        for neuron in range(2):
            by_hand = [x[batch, step, kind * 2 + neuron] for step in range(3) for kind in range(2)]
            np.testing.assert_array_equal(found[batch, neuron], by_hand)


def test_inferred_edges_are_the_formula_in_a_loop():
    x = nodes()
    layer, (encoder, encoder_bias, pre, post, pair_bias, classes, classes_bias) = built(InferredEdges(6), x)
    found = np.asarray(layer(x))
    for batch in range(3):
        e = relu(x[batch] @ encoder + encoder_bias)
        for i in range(5):
            for j in range(5):
                pair = relu(np.concatenate([e[i], e[j]]) @ np.vstack([pre, post]) + pair_bias)
                by_hand = softmax(pair @ classes + classes_bias, 0)[1]
                assert found[batch, i, j] == pytest.approx(by_hand, abs=1e-5)


def test_one_hot_edges_are_zero_or_one_and_still_learn():
    x = nodes()
    soft, weights = built(InferredEdges(6), x)
    hard = InferredEdges(6, mode="one_hot")
    hard.build(x.shape)
    hard.set_weights(weights)
    np.testing.assert_allclose(np.asarray(hard(x)), np.asarray(soft(x)) > 0.5, atol=1e-6)


def test_messages_are_the_sum_of_what_comes_in():
    x, edges = nodes(), np.random.default_rng(2).normal(size=(3, 5, 5)).astype(np.float32)
    found = np.asarray(Messages()([x, edges]))
    for batch in range(3):
        for j in range(5):
            by_hand = sum(edges[batch, i, j] * x[batch, i] for i in range(5))
            np.testing.assert_allclose(found[batch, j], by_hand, rtol=1e-4, atol=1e-5)


def test_gin_is_its_formula():
    x = nodes()
    layer, (first, first_bias, second, second_bias, eps) = built(GraphIsomorphism(6), x)
    for batch in range(3):
        for i in range(5):
            total = (1 + eps) * x[batch, i] + sum(x[batch, j] for j in range(5) if j != i)
            by_hand = relu(relu(total @ first + first_bias) @ second + second_bias)
            np.testing.assert_allclose(np.asarray(layer(x))[batch, i], by_hand, rtol=1e-4, atol=1e-4)


def test_graphsage_is_its_formula():
    x = nodes()
    layer, (own, others, bias) = built(GraphSage(6), x)
    for batch in range(3):
        for i in range(5):
            mean = np.mean([x[batch, j] for j in range(5) if j != i], axis=0)
            by_hand = relu(x[batch, i] @ own + mean @ others + bias)
            np.testing.assert_allclose(np.asarray(layer(x))[batch, i], by_hand, rtol=1e-4, atol=1e-4)


def test_gat_is_its_formula():
    x = nodes()
    layer, (kernel, receiver, sender) = built(GraphAttention(6), x)
    for batch in range(3):
        z = x[batch] @ kernel
        for i in range(5):
            score = np.array([(z[i] @ receiver + z[j] @ sender).item() for j in range(5)])
            attention = softmax(np.where(score > 0, score, 0.2 * score), 0)
            total = sum(attention[j] * z[j] for j in range(5))
            by_hand = np.where(total > 0, total, np.expm1(total))
            np.testing.assert_allclose(np.asarray(layer(x))[batch, i], by_hand, rtol=1e-4, atol=1e-4)


def test_global_attention_is_its_formula():
    x = nodes()
    layer, (gate, kernel, bias) = built(GlobalAttention(6), x)
    for batch in range(3):
        attention = softmax((x[batch] @ gate)[:, 0], 0)
        by_hand = sum(attention[i] * np.tanh(x[batch, i] @ kernel + bias) for i in range(5))
        np.testing.assert_allclose(np.asarray(layer(x))[batch], by_hand, rtol=1e-4, atol=1e-4)


@settings(max_examples=15)
@given(order=st.permutations(range(5)), seed=st.integers(0, 100))
def test_the_order_of_the_neurons_is_of_no_account(order, seed):
    x, order = nodes(seed=seed), list(order)
    for make in NODES:
        layer, _ = built(make(6), x)
        np.testing.assert_allclose(layer(x[:, order]), np.asarray(layer(x))[:, order], rtol=1e-3, atol=1e-4)
    pool, _ = built(GlobalAttention(6), x)
    np.testing.assert_allclose(pool(x[:, order]), pool(x), rtol=1e-3, atol=1e-4)
    edges, _ = built(InferredEdges(6), x)
    inferred, moved = np.asarray(edges(x)), np.asarray(edges(x[:, order]))
    np.testing.assert_allclose(moved, inferred[:, order][:, :, order], rtol=1e-3, atol=1e-4)
    messages = np.asarray(Messages()([x, inferred]))
    np.testing.assert_allclose(Messages()([x[:, order], moved]), messages[:, order], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("layer", [InferredEdges(6, "one_hot", 3), FixedEdges(), *(make(6, 2) for make in NODES)])
def test_layers_come_back_from_a_file_and_see_any_leading_axes(layer, tmp_path):
    inputs = keras.Input((None, 5, 4))
    model = keras.Model(inputs, layer(inputs))
    with tensorflow_unseen():
        model.save(tmp_path / "model.keras")
        again = keras.saving.load_model(tmp_path / "model.keras")
    x = nodes(batch=6).reshape(2, 3, 5, 4)
    np.testing.assert_allclose(model(x), again(x), atol=1e-6)
    assert tuple(np.shape(model(x)))[:3] == (2, 3, 5)
    assert model.output_shape[2:] == np.shape(model(x))[2:]


def test_steps_cuts_a_window():
    x = nodes()
    np.testing.assert_array_equal(Steps(1, 3)(x), x[:, 1:3])


def contact(pre, post, kind="chemical", transmitter="Acetylcholine"):
    return Contact(pre, post, kind, transmitter, 0, 0.5, 0, 0.5)


def test_contacts_are_counted_with_their_signs():
    contacts = (
        contact("AVAL", "AVBL"),
        contact("AVAL", "AVBL"),
        contact("AVBL", "RIML", transmitter="GABA"),
        contact("RIML", "AVAL", kind="gap_junction"),
        contact("DVA", "AVAL"),
    )
    wiring = Connectome(tuple(map(Neuron, ("AVAL", "AVBL", "RIML", "DVA"))), contacts, "by hand")
    names = ("RIML", "AVAL", "AVBL")
    np.testing.assert_array_equal(signed_counts(wiring, names, "chemical"), [[0, 0, 0], [0, 0, 2], [-1, 0, 0]])
    np.testing.assert_array_equal(signed_counts(wiring, names, "gap"), [[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(signed_counts(wiring, names), [[0, 1, 0], [1, 0, 2], [-1, 0, 0]])
    with pytest.raises(InputError, match="contacts must be one of chemical, gap, both, got 'electric'"):
        signed_counts(wiring, names, "electric")
    with pytest.raises(InputError, match="no neuron 'AVAM'"):
        signed_counts(wiring, ("AVAM",))
    weights = message_weights(signed_counts(wiring, names))
    np.testing.assert_allclose(np.abs(weights - np.eye(3)).sum(0), [1, 1, 1])


@settings(max_examples=40)
@given(neurons=st.integers(2, 9), share=st.floats(0, 1), symmetric=st.booleans(), seed=st.integers(0, 2**16))
def test_the_shuffled_connectome_keeps_degrees_and_weights(neurons, share, symmetric, seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(-5, 6, (neurons, neurons)) * (rng.random((neurons, neurons)) < share)
    if symmetric:
        counts = np.triu(counts) + np.triu(counts, 1).T
    other = shuffled(counts, seed)
    for axis in (0, 1):
        np.testing.assert_array_equal((other != 0).sum(axis), (counts != 0).sum(axis))
    np.testing.assert_array_equal(np.sort(other.ravel()), np.sort(counts.ravel()))
    np.testing.assert_array_equal(np.diag(other), np.diag(counts))
    if symmetric:
        np.testing.assert_array_equal(other, other.T)
    np.testing.assert_array_equal(other, shuffled(counts, seed))


def test_the_shuffled_connectome_is_another():
    counts = (np.random.default_rng(0).random((8, 8)) < 0.3).astype(int)
    assert (shuffled(counts, 1) != counts).any()

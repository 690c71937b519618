import json
import shutil

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from kefu.modalities.audio import Features, fit
from kefu.modalities.audio.encoders import EncoderParameters, build_encoder
from kefu.tickets.errors import KefuError

SMALL = {
    "num_layers": 2, "hidden_dim": 8, "num_heads": 2, "intermediate_dim": 12,
    "stem": "patches", "patch_size": 4, "band_stride": 4, "time_stride": 3,
}  # fmt: skip


def params(**changes):
    return EncoderParameters.model_validate({"architecture": "ast", "ast": SMALL | changes})


@pytest.fixture
def make(preprocessor):
    def build(**changes):
        torch.manual_seed(0)
        encoder = build_encoder(params(**changes), preprocessor)
        torch.nn.init.normal_(encoder.network.get_parameter("embeddings.position_embeddings"))
        return encoder

    return build


@pytest.fixture
def folder(tmp_path):
    """A small AST with a head as `save_pretrained` writes it, trained on 16 bands and clips of 17 frames at 8 kHz."""
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    torch.manual_seed(0)
    config = ASTConfig(
        hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12, patch_size=4,
        frequency_stride=4, time_stride=3, num_mel_bins=16, max_length=17,
    )  # fmt: skip
    network = ASTForAudioClassification(config)
    torch.nn.init.normal_(network.audio_spectrogram_transformer.embeddings.position_embeddings)
    network.save_pretrained(tmp_path / "weights")
    ASTFeatureExtractor(sampling_rate=8_000, num_mel_bins=16).save_pretrained(tmp_path / "weights")
    return tmp_path / "weights"


@pytest.mark.parametrize("strides", [(4, 3), (3, 4), (2, 1)])
def test_the_encoder_keeps_its_contract(check_encoder, make, clips, strides):
    build = lambda: make(band_stride=strides[0], time_stride=strides[1])  # noqa: E731
    assert check_encoder(build, clips([20, 13, 7, 1], 24)).embedding_dim == 8


@pytest.mark.parametrize("strides", [(4, 3), (3, 4), (2, 1)])
def test_padding_is_without_effect(check_padding, make, strides):
    check_padding(lambda: make(band_stride=strides[0], time_stride=strides[1]))


@pytest.mark.parametrize(("patch_size", "stride"), [(4, 4), (5, 3), (8, 8), (20, 7), (40, 40)])
def test_the_last_frame_and_the_last_band_are_heard(make, clips, patch_size, stride):
    encoder = make(patch_size=patch_size, band_stride=stride, time_stride=stride).eval()
    for length in (1, 7, 24):
        features = clips([length], 24)
        changed = features["log_mel"].clone()
        changed[0, -1, length - 1] += 40
        assert not torch.equal(encoder(features), encoder(features | {"log_mel": changed}))


@pytest.mark.parametrize("strides", [(4, 2), (2, 4), (8, 8), (1, 1)])
@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_patches_by_convolutions_keep_the_contract(check_encoder, check_padding, make, clips, strides, pooling):
    build = lambda: make(stem="convolutions", pooling=pooling, band_stride=strides[0], time_stride=strides[1])  # noqa: E731
    encoder = check_encoder(build, clips([20, 13, 7, 1], 24))
    tokens, inside = encoder.tokens(clips([20, 7], 24))
    bands, steps = 16 // strides[0], 24 // strides[1]
    assert tokens.shape == (2, bands * steps, 8)
    assert inside.view(2, bands, steps).sum(dim=2).tolist() == [
        [-(-length // strides[1])] * bands for length in (20, 7)
    ]
    check_padding(build)


@pytest.mark.parametrize("stride", [2, 4, 16])
def test_convolutions_hear_the_last_frame_and_the_last_band(make, clips, stride):
    encoder = make(stem="convolutions", band_stride=stride, time_stride=stride).eval()
    for length in (1, 7, 24):
        features = clips([length], 24)
        changed = features["log_mel"].clone()
        changed[0, -1, length - 1] += 40
        assert not torch.equal(encoder(features), encoder(features | {"log_mel": changed}))


def test_masks_are_drawn_in_training_only_and_by_torchs_seed(make, clips):
    features = clips([20, 13, 7], 24)
    encoder = make(dropout=0.0)
    outputs = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        outputs.append(encoder(features))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.allclose(outputs[0], outputs[2])
    encoder = make(dropout=0.0, num_masks=0)
    assert torch.equal(encoder(features), encoder(features))


class TestPretrained:
    def test_it_starts_from_the_weights_in_the_folder(self, folder, preprocessor, clips):
        from transformers import ASTModel

        same_frames = fit([], preprocessor.params.model_copy(update={"max_seconds": 0.16}))
        encoder = build_encoder(params(pretrained=str(folder)), same_frames).eval()
        stored = ASTModel.from_pretrained(folder).eval()
        features = clips([17, 17], 17)
        expected = stored((features["log_mel"] * encoder.scale + encoder.shift).clamp(min=encoder.least).mT)
        with torch.inference_mode():
            torch.testing.assert_close(encoder(features), expected.pooler_output, atol=1e-5, rtol=1e-4)

    def test_it_keeps_its_contract(self, check_encoder, check_padding, folder, preprocessor, clips):
        build = lambda: build_encoder(params(pretrained=str(folder)), preprocessor)  # noqa: E731
        assert check_encoder(build, clips([20, 13, 7, 1], 24)).embedding_dim == 8
        check_padding(build)

    @pytest.mark.parametrize("max_seconds", [0.04, 0.16, 0.17, 0.5, 1.0])
    def test_positions_are_cut_or_stretched_in_time(self, folder, preprocessor, max_seconds):
        other = fit([], preprocessor.params.model_copy(update={"max_seconds": max_seconds}))
        encoder = build_encoder(params(pretrained=str(folder)), other)
        steps = {5: 2, 17: 5, 18: 6, 51: 17, 101: 34}[other.num_frames]
        stored = load_file(folder / "model.safetensors")
        stored = stored["audio_spectrogram_transformer.embeddings.position_embeddings"]
        fitted = encoder.network.embeddings.position_embeddings
        assert fitted.shape == (1, 2 + 4 * steps, 8)
        assert torch.equal(fitted[:, :2], stored[:, :2])
        grid, stored = fitted[0, 2:].view(4, steps, 8), stored[0, 2:].view(4, 5, 8)
        if steps <= 5:
            assert torch.equal(grid, stored[:, :steps])
        else:
            at = (np.arange(steps) + 0.5) * 5 / steps - 0.5
            for band in range(4):
                expected = np.interp(at, np.arange(5), stored[band, :, 0].numpy())
                np.testing.assert_allclose(grid[band, :, 0].detach().numpy(), expected, atol=1e-6)

    def test_only_a_projection_of_a_frozen_network_learns(self, folder, preprocessor, clips):
        encoder = build_encoder(params(pretrained=str(folder), tuning="frozen", projection_dim=5), preprocessor)
        assert {name for name, value in encoder.named_parameters() if value.requires_grad} == {
            "projection.0.weight",
            "projection.0.bias",
        }
        embedding = encoder.train()(clips([20, 3], 24))
        assert embedding.shape == (2, 5)
        embedding.sum().backward()
        assert not encoder.network.network.training

    @pytest.mark.parametrize("tuning", ["full", "frozen"])
    def test_a_bundle_holds_it_and_never_reads_the_folder(self, through_a_bundle, folder, clips, tuning):
        before, after = through_a_bundle(
            params(pretrained=str(folder), tuning=tuning), forget=lambda: shutil.rmtree(folder)
        )
        assert torch.equal(before(clips([20, 3], 24)).logits, after(clips([20, 3], 24)).logits)

    @pytest.mark.parametrize(
        ("settings", "mean", "spread"),
        [({}, -4.2677393, 2 * 4.5689974), ({"mean": 1, "std": 0.5}, 1, 1), ({"do_normalize": False, "mean": 9}, 0, 1)],
    )
    def test_the_folder_says_how_to_normalise(self, folder, preprocessor, settings, mean, spread):
        (folder / "preprocessor_config.json").write_text(json.dumps(settings | {"sampling_rate": 8_000}))
        encoder = build_encoder(params(pretrained=str(folder)), preprocessor)
        assert encoder.scale[0, 0, 0].item() == pytest.approx(0.2302585 / spread)
        assert encoder.least == pytest.approx((np.log(1.1920929e-07) - mean) / spread)

    @pytest.mark.parametrize("settings", [{"std": 0.0}, {"mean": "low"}, {"std": None}])
    def test_a_normalisation_that_makes_no_sense(self, folder, preprocessor, settings):
        (folder / "preprocessor_config.json").write_text(json.dumps(settings | {"sampling_rate": 8_000}))
        with pytest.raises(KefuError, match=r"preprocessor_config\.json gives mean .* numbers are needed"):
            build_encoder(params(pretrained=str(folder)), preprocessor)

    @pytest.mark.parametrize(
        ("name", "value", "asked"), [("n_mels", 12, 16), ("hop_length", 100, 80), ("sample_rate_hz", 16_000, 8_000)]
    )
    def test_features_that_do_not_fit(self, folder, preprocessor, name, value, asked):
        other = fit([], preprocessor.params.model_copy(update={name: value}))
        message = f"trained with {name} {asked}, audio.features.{name} is {value}; set it to {asked}"
        with pytest.raises(KefuError, match=message) as caught:
            build_encoder(params(pretrained=str(folder)), other)
        assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:At least one mel filter has all zero values")
def test_pretrained_weights_hear_what_they_were_trained_on(tmp_path):
    """The input of the network is that of ASTFeatureExtractor, up to the different mel scales."""
    from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

    config = ASTConfig(hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4)
    ASTModel(config).save_pretrained(tmp_path)
    noise = np.random.default_rng(0).standard_normal(16_000)
    voice = np.sin(2 * np.pi * np.cumsum(np.linspace(150, 3_000, 16_000)) / 16_000)
    waveform = (0.05 * noise + 0.1 * voice).astype(np.float32)
    waveform[:4_000] = 0.0
    preprocessor = fit([], Features(n_mels=128, n_mfcc=13))
    features = preprocessor.extract([waveform])
    encoder = build_encoder(EncoderParameters.model_validate(
        {"architecture": "ast", "ast": {"pretrained": str(tmp_path)}}), preprocessor)  # fmt: skip
    heard = (torch.from_numpy(features["log_mel"]) * encoder.scale + encoder.shift).clamp(min=encoder.least)[0].numpy()
    expected = ASTFeatureExtractor()(waveform, sampling_rate=16_000, return_tensors="np")["input_values"][0].T
    # Kaldi's first frame begins at the first sample, kefu's is centred there
    heard, expected = heard[:, 2:96], expected[:, 1:95]
    silent, sounding = slice(0, 20), slice(30, 90)
    np.testing.assert_allclose(heard[:, silent], expected[:, silent], atol=1e-4)
    # the longer window raises the level by 1 dB, 0.03 here; some of Kaldi's lowest bands lie between two bins
    difference = heard[:, sounding].mean(axis=1) - expected[:, sounding].mean(axis=1)
    assert np.abs(difference[20:]).max() < 0.2
    assert np.median(difference) == pytest.approx(0.03, abs=0.02)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_heads": 3}, "must be a multiple of num_heads"),
        ({"patch_size": 2, "time_stride": 4}, "would leave bands or frames unheard"),
        ({"stem": "convolutions", "time_stride": 6}, "time_stride 6: stem: convolutions needs a power of two"),
        ({"tuning": "frozen"}, "without pretrained weights everything must learn"),
        ({"pretrained": "no/such/folder"}, "there is no folder"),
    ],
)
def test_parameters_that_make_no_sense(changes, message):
    with pytest.raises(ValidationError, match=message):
        params(**changes)

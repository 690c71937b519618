"""Demo tickets: a synthetic online shop with English and Chinese customers."""

from kefu.demo.intents import Intent, bayes_accuracy, expected_bayes_accuracy
from kefu.demo.parameters import DemoParameters
from kefu.demo.tickets import DemoShard, generate_shard, generate_tickets, shard_ranges
from kefu.speech import SpeechUnavailableError

__all__ = [
    "DemoParameters",
    "DemoShard",
    "Intent",
    "SpeechUnavailableError",
    "bayes_accuracy",
    "expected_bayes_accuracy",
    "generate_shard",
    "generate_tickets",
    "shard_ranges",
]

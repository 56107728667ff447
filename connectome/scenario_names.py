"""What the published scenarios are called and are, for the help of commands; `scenario.py` makes them."""

SCENARIO_NAMES = {
    "fcm": "forward crawling: PLM and AVB stimulated, 4 outputs",
    "fcm_wide": "forward crawling with 16 outputs",
    "nictation": "nictation: the six IL2 stimulated, 6 outputs",
    "nictation_wide": "nictation with 12 outputs",
    "fcm_nictation": "both: 10 inputs, 28 outputs, 80 sequences, the other scenario's inputs silent",
}

SCENARIO_HELP = f"One of {', '.join(SCENARIO_NAMES)}, or a .toml file of your own (`scenario new` writes one)."

#!/usr/bin/env python3
"""Opens the model of a run of `gradus train masked` with Hugging Face's transformers and compares the answers of both.

usage: check_masked.py GRADUS RUN TEXT...                (needs torch, transformers; each TEXT holds [MASK])

GRADUS is the command, RUN the folder of the run. Pieces must be equal and probabilities agree to 1e-5.
"""
import json, subprocess, sys
import torch
from transformers import AutoTokenizer, BertForMaskedLM


def main(gradus, run, *texts):
    model, info = BertForMaskedLM.from_pretrained(f"{run}/pretrained", output_loading_info=True)
    assert not any(info[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    tokenizer = AutoTokenizer.from_pretrained(f"{run}/pretrained")
    given = [part for text in texts for part in ("--text", text)]
    answers = subprocess.run([gradus, "predict", run, "--json", *given], check=True, capture_output=True, text=True).stdout
    largest = masks = 0
    for text, answer in zip(texts, map(json.loads, answers.splitlines()), strict=True):
        ids = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            probabilities = model.eval()(**ids).logits[0].softmax(-1)
        places = (ids["input_ids"][0] == tokenizer.mask_token_id).nonzero()[:, 0].tolist()
        for place, mask in zip(places, answer["masks"], strict=True):
            for piece in mask["pieces"]:
                theirs = probabilities[place, tokenizer.convert_tokens_to_ids(piece["piece"])].item()
                largest = max(largest, abs(theirs - piece["probability"]))
            masks += 1
    print(f"{masks} masks, largest difference of a probability {largest:.1e}")
    assert masks > 0 and largest < 1e-5


if __name__ == "__main__":
    main(*sys.argv[1:])

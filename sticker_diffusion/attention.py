"""Spatial attention of the UNet: text projected once per clip, and softmax written out where sequences are short."""

import torch.nn.functional as F
from diffusers.models.attention_processor import Attention
from torch import Tensor

# On the CPU in bf16, the fused kernel loses to three plain operations until about this many scores a head.
WRITTEN_OUT_KEYS = 128


class ClipAttention:
    """Attention processor for frames folded into the batch.

    hidden_states is (b f) n c. encoder_hidden_states may be given per clip, b l d: its keys and values are then
    computed once and shared by the clip's frames. attention_mask is an additive bias, b 1 l.
    """

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
    ) -> Tensor:
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        batch, heads = context.shape[0], attn.heads
        query = attn.to_q(hidden_states).view(batch, -1, heads, attn.inner_dim // heads).transpose(1, 2)  # b h (f n) d
        key, value = (
            to(context).view(batch, -1, heads, attn.inner_dim // heads).transpose(1, 2) for to in (attn.to_k, attn.to_v)
        )  # b h l d
        bias = None if attention_mask is None else attention_mask[:, None].to(query.dtype)  # b 1 1 l
        # A model that asks for upcast attention overflows in half precision; the fused kernel keeps scores in float32.
        short = key.shape[2] <= WRITTEN_OUT_KEYS and query.device.type == "cpu"
        if short and not attn.upcast_attention:
            scores = (query * attn.scale) @ key.transpose(-1, -2)
            scores = scores if bias is None else scores + bias
            mixed = scores.softmax(-1).to(value.dtype) @ value
        else:
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=attn.scale)
        mixed = mixed.transpose(1, 2).reshape(*hidden_states.shape[:2], attn.inner_dim)  # b h (f n) d -> (b f) n c
        projected: Tensor = attn.to_out[1](attn.to_out[0](mixed))
        return projected

"""One folder an outside technology; each speaks a port of `bitloot_core` and knows no other adapter."""

--- The records that the platform wraps its answers in.
return {
  --- Their names. "resposne" is the wire's own spelling.
  NAMES = { "data", "resposne", "response" },
  --- How many of them may stand one inside another.
  MOST = 3,
}

--- The paths of the platform, one line for each endpoint. The sandbox serves
-- the same paths and uses the same names.
local ASSETS = "/reallife_asset/api/"

return {
  v1 = {
    models = "/llmage/v1/models",
    chat = "/llmage/v1/chat/completions",
    image = "/llmage/v1/image/generations",
    video = "/llmage/v1/video/generations",
    task = "/llmage/v1/tasks",
    speech = "/llmage/v1/audio/speech",
    transcription = "/llmage/v1/audio/transcriptions",
  },
  --- The account: seen in the platform's public source, not yet confirmed live.
  account = {
    history = "/llmage/api/get_inference_history.dspy",
    balance = "/accounting/mybalance.dspy",
    prices = "/llmage/v1/pricing",
  },
  --- The legacy API of 2026-03. Its clients use v1 for all other endpoints.
  legacy = {
    chat = "/llmage/t2t",
    video = "/llmage/video",
    task = "/llmage/tasks",
  },
  --- Real-person assets; they have their own host.
  assets = {
    verify = ASSETS .. "rl_verify.dspy",
    groups = ASSETS .. "rl_query_groups.dspy",
    upload = ASSETS .. "rl_upload.dspy",
    status = ASSETS .. "rl_status.dspy",
    assets = ASSETS .. "rl_assets.dspy",
  },
  --- Files of results. The client never builds this path: an answer has the
  --- whole URL.
  results = {
    file = "/idfile",
  },
}

--- Names for the platform's paths, as tests use them (docs/platform.md#endpoints).
-- The legacy API's paths have the same names.
return {
  ["/llmage/v1/models"] = "models",
  ["/llmage/v1/chat/completions"] = "chat",
  ["/llmage/t2t"] = "chat",
  ["/llmage/v1/image/generations"] = "image",
  ["/llmage/v1/video/generations"] = "video",
  ["/llmage/video"] = "video",
  ["/llmage/v1/tasks"] = "task",
  ["/llmage/tasks"] = "task",
  ["/idfile"] = "file",
  ["/reallife_asset/api/rl_verify.dspy"] = "verify",
  ["/reallife_asset/api/rl_query_groups.dspy"] = "groups",
  ["/reallife_asset/api/rl_upload.dspy"] = "upload",
  ["/reallife_asset/api/rl_status.dspy"] = "status",
  ["/reallife_asset/api/rl_assets.dspy"] = "assets",
}

-- first_call.lua HOW URL
-- What a script pays before its first answer: load a client, ask one question.
-- HOW: floor (libcurl and cjson) | ours
local how, url = arg[1], arg[2]

local ASK = {}

function ASK.floor()
  local cjson, floor = require "cjson", require "floor"
  local question = cjson.encode { model = "qwen3-max", prompt = "hi",
    stream = false }
  local answer = floor.get(url .. "/llmage/v1/chat/completions", question)
  return cjson.decode(answer).choices[1].message.content
end

function ASK.ours()
  local client = require("yuanjing").new { api_key = "sk-test",
    base_url = url }
  return assert(client:chat { prompt = "hi" }).content
end

assert(ASK[how]() == "slow")

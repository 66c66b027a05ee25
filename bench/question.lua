-- question.lua HOW MIB URL
-- A chat with a conversation of so many MiB, in messages of about 500 bytes, is
-- sent five times; CPU of one of them.
-- HOW: floor (cjson and libcurl) | ours
local how, mib, url = arg[1], tonumber(arg[2]), arg[3] .. "/asked"
local TIMES = 5

local function conversation()
  local messages, text = {}, ("你好，元境 platform. "):rep(18)
  for n = 1, mib * 2 ^ 20 / #text do
    messages[n] = { role = n % 2 == 1 and "user" or "assistant",
      content = text }
  end
  return messages
end

local ASK = {}

function ASK.floor()
  local cjson, get = require "cjson", require("floor").get
  local place = url .. "/llmage/v1/chat/completions"
  return function(messages)
    local question = cjson.encode { model = "qwen3-max", stream = false,
      messages = messages }
    return cjson.decode(get(place, question)).choices[1].message.content
  end
end

function ASK.ours()
  local client = require("yuanjing").new { api_key = "sk-test",
    base_url = url }
  return function(messages)
    return assert(client:chat { messages = messages }).content
  end
end

local ask, messages = ASK[how](), conversation()
ask { messages[1], messages[2] }
local from = os.clock()
for _ = 1, TIMES do assert(tonumber(ask(messages)) > mib * 2 ^ 20) end
print(("ms=%.3f"):format((os.clock() - from) * 1e3 / TIMES))

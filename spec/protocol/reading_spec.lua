local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

-- The calls that read one answer as one object.
local CALLS = {
  image = function(client)
    return client:image { model = "wan2.2-t2i-flash", prompt = "x" }
  end,
  ["task:refresh"] = function(client) return client:task("7"):refresh() end,
  ["assets:get"] = function(client) return client.assets:get("7") end,
  ["assets:groups"] = function(client) return client.assets:groups() end,
}

local TOLD = {
  { '{"code":"Arrearage","message":"the account is in arrears"}', "balance",
    "Arrearage" },
  { '{"code":"InvalidApiKey","message":"no such key"}', "auth",
    "InvalidApiKey" },
  { '{"code":"invalid_api_key","message":"no such key"}', "auth",
    "invalid_api_key" },
  { '{"detail":"quota exceeded"}', "platform" },
  { '{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}',
    "balance", "1008" },
  { '{"object":"error","message":"overloaded"}', "platform" },
}

describe("an answer with status 200 that reports only a failure",
  function()
    after_each(support.clean)

    for name, call in pairs(CALLS) do
      for _, row in ipairs(TOLD) do
        it(("is one of %s: %s"):format(name, row[1]), function()
          local server = support.serve { default = { { "request" },
            { "send", scripted.answer(200, {}, row[1]) } } }
          local result, err = call(yuanjing.new { base_url = server.url,
            asset_url = server.url, api_key = "sk-secret", retries = 0 })
          assert.is_nil(result)
          assert.same({ row[2], row[3] }, { err.kind, err.code })
          assert.equal(row[1], err.body)
        end)
      end
    end
  end)

-- A conversation whose tools wait, where nothing may be held up: in a game, between
-- two frames, and in an nginx worker, which has other requests to answer.
local nginx = require "support.nginx"
local support = require "support"
local talks = require "support.talks"
local yuanjing = require "yuanjing"

local WAIT = 0.3

local function answers()
  return { talks.streamed { content = "hm ", calls = { { "wait" } } },
    talks.streamed { content = "done" } }
end

describe("a game", function()
  after_each(support.clean)

  it("has its frames while tools run, plain and streamed", function()
    local function longest_frame(is_streamed)
      local _, client = talks.serve(answers())
      local talk = assert(client:conversation { tools = { {
        name = "wait", run = function() yuanjing.sleep(WAIT) end } } })
      local job = yuanjing.async(function()
        if not is_streamed then return talk:ask "?" end
        return assert(talk:ask { "?", stream = true }):finish()
      end)
      local longest = 0
      while not job.done do
        longest = math.max(longest, (support.timed(yuanjing.update)))
        support.sleep(0.01)
      end
      assert.equal("done", assert(job:await()).content)
      return longest
    end
    for _, is_streamed in ipairs { false, true } do
      assert.is_true(support.is_ever_below(WAIT / 2, function()
        return longest_frame(is_streamed)
      end))
    end
  end)
end)

describe("an nginx worker", function()
  after_each(nginx.clean)
  after_each(support.clean)

  local ASK = [[
    local yuanjing = require "yuanjing"
    local client = yuanjing.new { api_key = "k", base_url = ngx.var.arg_url }
    local kept = ngx.shared.talks:get "talk"
    local talk = assert(client:conversation { from_json = kept, tools = { {
      name = "wait", run = function()
        ngx.shared.talks:incr("waiting", 1, 0)
        yuanjing.sleep(%s)
        return "waited"
      end } } })
    local stream = assert(talk:ask { "?", stream = true })
    for text in stream:text() do
      ngx.print(text)
      ngx.flush(true)
    end
    ngx.shared.talks:set("talk", assert(talk:to_json()))
    ngx.say(#talk.messages)
  ]]

  it("answers others while tools run, and keeps the conversation between "
    .. "requests", function()
    local upstream = talks.serve { answers()[1], answers()[2], answers()[1],
      answers()[2] }
    local server = nginx.start { http = "lua_shared_dict talks 1m;",
      locations = { ["/ask"] = ASK:format(WAIT),
        ["/quick"] = 'ngx.say(ngx.shared.talks:get "waiting" or 0)' } }
    local slow = server:open("/ask?url=" .. upstream.url)
    assert.is_true(support.wait_until(function()
      return server:get "/quick" == "1\n"
    end))
    assert.is_true(support.is_ever_below(WAIT / 2, function()
      local took, quick = support.timed(server.get, server, "/quick")
      assert.equal("1\n", quick)
      return took
    end))
    local said = slow:receive "*a"
    slow:close()
    assert.equal("hm done4\n", said:match "hm.*$")
    assert.equal("hm done8\n", (server:get("/ask?url=" .. upstream.url)))
    for _, body in ipairs(talks.sent(upstream)) do talks.check(body) end
  end)
end)

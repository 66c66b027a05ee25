-- What a client hands to its calls so that they are recorded.
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local IMAGE = { model = "wan2.2-t2i-plus", prompt = "x" }

describe("the recorder of a client", function()
  local client, events, server
  before_each(function()
    events = {}
    server = support.serve { default = { { "repeat", 99, { { "request" },
      { "send", scripted.answer(200, {}, '{"taskid":"7"}') } } } } }
    client = yuanjing.new { base_url = server.url, api_key = "sk-sandbox",
      journal = support.tempdir() .. "/tasks.journal", retries = 0,
      on_event = function(event) events[#events + 1] = event.type end }
  end)
  after_each(support.clean)

  it("is its own, and warns its own on_event, where the journal is shared",
    function()
      local warnings = {}
      assert(client:image(IMAGE))
      events = {}
      assert(client:with({ on_event = function(event)
        if event.type == "warning" then warnings[#warnings + 1] = event end
      end }):image(IMAGE))
      assert.same({}, events)
      assert.equal(1, #warnings)
      assert.equal("7", warnings[1].task.id)
    end)

  it("writes into the journal that a derived client has in its place",
    function()
      local other = client:with { journal = support.tempdir() .. "/other" }
      assert(other:image(IMAGE))
      assert.same({}, (client.journal:find {}))
      assert.equal(1, #other.journal:find {})
    end)

  it("records nothing of a dry run", function()
    assert.truthy(client:with({ dry_run = true }):image(IMAGE).dry_run)
    assert.same({}, (client.journal:find {}))
    assert.equal(0, #server:requests())
  end)

  it("is all that a task needs to know of the journal", function()
    local calls = {}
    local task = assert(client:image(IMAGE))
    task._settings.recorder = { update = function(_, entry, of)
      calls[#calls + 1] = { entry.model, of.status }
    end }
    task._api = { task = function() return { status = "RUNNING" } end }
    assert(task:refresh())
    assert.same({ { IMAGE.model, "RUNNING" } }, calls)
  end)

  it("says how long a task may still take, by the median of those like it",
    function()
      local now, book = os.time(), client._settings.journal
      assert(book:refresh())
      for n, took in ipairs { 30, 50, 400 } do
        book:append { key = "k" .. n, at = now - 1000, ended = now - 1000 + took,
          state = "done", kind = "image", model = IMAGE.model, category = "t2i" }
      end
      book:append { key = "other", at = now - 1000, ended = now - 999,
        state = "done", kind = "image", model = "another", category = "t2i" }
      local task = assert(client:image(IMAGE))
      local left, count = task:remaining()
      assert.is_true(left >= 49 and left <= 50)
      assert.equal(3, count)
      assert.is_nil((client:with({ journal = support.tempdir() .. "/j" })
        :image(IMAGE)):remaining())
    end)
end)

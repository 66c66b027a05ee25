local scripted = require "support.scripted"
local streams = require "support.streams"
local support = require "support"
local yuanjing = require "yuanjing"

local HEAD = scripted.answer(200, { ["Content-Type"] = "text/html",
  ["Connection"] = "close" })
local PATH = "/llmage/v1/chat/completions"

local function client_at(url, options)
  options = options or {}
  options.base_url, options.api_key = url, "sk-test"
  return yuanjing.new(options)
end

-- Three ways to read a stream: the text, and the error if one came.
local READERS = {
  text = function(stream)
    local parts = {}
    local ok, err = pcall(function()
      for text in stream:text() do parts[#parts + 1] = text end
    end)
    return table.concat(parts), not ok and err or nil
  end,
  chunks = function(stream)
    local parts = {}
    local ok, err = pcall(function()
      for chunk in stream:chunks() do parts[#parts + 1] = chunk.content end
    end)
    return table.concat(parts), not ok and err or nil
  end,
  next = function(stream)
    local parts, chunk, err = {}, nil, nil
    repeat
      chunk, err = stream:next()
      parts[#parts + 1] = chunk and chunk.content
    until not chunk
    return table.concat(parts), err
  end,
}

-- A route for each split of a case, each under a base URL of its own.
local function split_routes(bytes)
  local routes = {}
  for at = 0, math.max(#bytes - 1, 0) do
    routes[("/%d%s"):format(at, PATH)] = {
      { "send", HEAD }, { "split", bytes, { at }, 0.0005 }, { "close" },
    }
  end
  return routes
end

local function check_verdict(case, stream, text, err, where)
  assert.equal(case.text, text, where)
  assert.equal(case.kind, err and err.kind, where)
  if not case.kind then
    local reply = assert(stream:finish())
    assert.equal(case.text, reply.content, where)
    assert.equal("stop", reply.ended_by, where)
    return
  end
  assert.equal(case.text, err.partial, where)
  assert.equal(200, err.status, where)
  if case.message then assert.equal(case.message, err.message, where) end
  if case.task then assert.equal(case.task, err.task.id, where) end
  local again, same = stream:finish()
  assert.is_nil(again)
  assert.equal(err, same)
end

describe("a stream", function()
  after_each(function()
    support.clean()
    support.assert_freed()
  end)

  for _, case in ipairs(streams.cases) do
    it("that comes as " .. case.name .. " is read at every split", function()
      local server = support.serve { routes = split_routes(case.bytes) }
      for at = 0, math.max(#case.bytes - 1, 0) do
        for name, read in pairs(READERS) do
          local stream, err = client_at(server.url .. "/" .. at):chat {
            prompt = "x", stream = true }
          assert.is_nil(err)
          local text, problem = read(stream)
          check_verdict(case, stream, text, problem, name .. " at " .. at)
        end
      end
    end)
  end
end)

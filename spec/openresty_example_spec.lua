-- examples/openresty as a user starts it, in front of the sandbox.
local http = require "socket.http"
local json = require "cjson"
local ports = require "yuanjing.sandbox.ports"
local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local shell = require "yuanjing.sandbox.shell"
local socket = require "socket"
local support = require "support"

local START = [[
  YUANJING_BASE_URL=$1 YUANJING_API_KEY=sk-sandbox PORT=$2 \
    timeout 60 examples/openresty/start.sh "$3" >"$3/output" 2>&1 &
]]

local STOP = [[ kill "$(cat "$1/nginx.pid")" ]]

local Service = {}
Service.__index = Service

-- The service in front of that platform, on a port of its own.
local function start(base_url)
  local folder = support.output("mktemp -d")
  local port = ports.candidates(folder, 1)[1]
  os.execute(shell.command(START, base_url, tostring(port), folder))
  local self = setmetatable({ folder = folder,
    url = "http://127.0.0.1:" .. port }, Service)
  local ends = support.now() + 5
  repeat
    support.sleep(0.01)
    local connection = socket.connect("127.0.0.1", port)
    if connection then
      connection:close()
      return self
    end
  until support.now() > ends
  error(support.read(folder .. "/output"))
end

function Service:stop()
  os.execute(shell.command(STOP, self.folder))
  os.execute("rm -rf " .. shell.quote(self.folder))
end

-- Status, body, headers and when each piece came; or nil and why it broke off.
function Service:ask(path, params)
  local body, pieces, times = params and json.encode(params), {}, {}
  local ok, status, headers = http.request {
    url = self.url .. path, method = body and "POST" or "GET",
    headers = body and { ["Content-Length"] = #body },
    source = body and require("ltn12").source.string(body),
    sink = function(piece, problem)
      if problem then return nil, problem end
      if piece and piece ~= "" then
        pieces[#pieces + 1], times[#times + 1] = piece, support.now()
      end
      return 1
    end,
  }
  if not ok then return nil, status, table.concat(pieces) end
  return status, table.concat(pieces), headers, times
end

function Service:ask_json(path, params)
  local status, body = self:ask(path, params)
  return json.decode(body), status
end

-- Asks until the task is done.
function Service:await(id)
  local ends = support.now() + 5
  repeat
    local task, status = self:ask_json("/task?id=" .. id)
    if status ~= 202 then return task, status end
    support.sleep(0.02)
  until support.now() > ends
end

describe("the service in examples/openresty", function()
  local box, service

  setup(function()
    box = assert(sandbox.start { latency = 0.02, task_seconds = 0.3 })
    service = start(box.url)
  end)

  teardown(function()
    service:stop()
    box:stop()
  end)

  after_each(support.clean)

  it("hands a text on as it comes", function()
    local status, body, headers, times = service:ask("/chat",
      { prompt = "a cat" })
    assert.equal(200, status)
    assert.equal("text/plain; charset=utf-8", headers["content-type"])
    assert.truthy(body:find('You said: "a cat"', 1, true))
    assert.truthy(#times > 5 and times[#times] - times[1] > 0.1)
  end)

  it("breaks the connection when a text breaks off", function()
    local head = scripted.answer(200, { ["Transfer-Encoding"] = "chunked" })
    local half = scripted.chunked { 'data: {"content":"half"}\n\n' }
    local upstream = support.serve { default = { { "request" },
      { "send", head .. half } } }
    local other = start(upstream.url)
    local status, problem, text = other:ask("/chat", { prompt = "x" })
    other:stop()
    assert.same({ false, "closed", "half" }, { status or false, problem, text })
  end)

  for kind, expected in pairs {
    image = { model = "wan2.2-t2i-plus", type = "image/png",
      begins = "^\137PNG\r\n" },
    video = { model = "happyhorse-1.0-t2v", type = "video/mp4",
      begins = "^....ftyp" },
  } do
    it("makes a " .. kind .. " and hands it out", function()
      local task, status = service:ask_json("/" .. kind,
        { model = expected.model, prompt = "a cat" })
      assert.equal(202, status)
      assert.equal(202, (service:ask("/result?id=" .. task.id)))
      assert.same({ id = task.id, status = "SUCCEEDED" },
        service:await(task.id))
      local asked
      for _ = 1, 2 do
        local code, body, headers = service:ask("/result?id=" .. task.id)
        assert.same({ 200, expected.type }, { code, headers["content-type"] })
        assert.truthy(body:find(expected.begins))
        asked = asked or #box:requests()
      end
      assert.equal(asked, #box:requests())
    end)
  end

  it("opens no file that a visitor names", function()
    local secret = support.write(support.tempdir() .. "/secret.png", "x")
    local task = service:ask_json("/video", { model = "happyhorse-1.0-t2v",
      prompt = "x", first_frame = secret, image_file = secret })
    assert.truthy(task.id)
    local seen = box:requests()
    assert.equal("/llmage/v1/video/generations", seen[#seen].path)
    assert.same({}, seen[#seen].files)
  end)

  it("says what is wrong", function()
    local _, status = service:ask_json("/chat", { promt = "x" })
    assert.equal(400, status)
    assert.equal(400, (service:ask("/chat")))
    assert.equal(400, (service:ask("/task?id=../secret")))
    assert.equal(404, (service:ask("/result?id=1234")))
    local failed = service:ask_json("/image", { model = "no-such",
      prompt = "x" })
    assert.truthy(failed.error)
  end)
end)

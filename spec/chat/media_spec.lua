-- Pictures, videos and sounds in a chat.
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local PNG = "\137PNG\r\n\26\n" .. ("\0"):rep(20)
local REPLY = '{"choices":[{"message":{"content":"a cat"}}]}'
local STREAM = 'data: {"choices":[{"delta":{"content":"a cat"}}]}\n\ndata: [DONE]\n\n'

local folder
before_each(function() folder = support.tempdir() end)
after_each(support.clean)

local function answering(body)
  return support.serve { default = { { "request" },
    { "send", scripted.answer(200, {}, body) } } }
end

local function client_at(server, options)
  options = options or {}
  options.base_url, options.api_key = server.url, "sk-chat"
  return yuanjing.new(options)
end

-- "name=text" or "name@file type", in the order of arrival.
local function parts_of(request)
  local parts = {}
  for head, body in request.body:gmatch(
    "(Content%-Disposition:.-)\r\n\r\n(.-)\r\n%-%-") do
    local file = head:match('filename="([^"]*)"')
    parts[#parts + 1] = head:match('name="([^"]*)"') .. (file
      and ("@%s %s"):format(file, head:match("Content%-Type: ([^\r]*)"))
      or "=" .. body)
  end
  return parts
end

local function sent(params, body, options)
  local server = answering(body or REPLY)
  local reply = assert(client_at(server, options):chat(params))
  if params.stream then reply = assert(reply:finish()) end
  assert.equal("a cat", reply.content)
  local requests = server:requests()
  assert.equal(1, #requests)
  return requests[1]
end

local function problems(params, options)
  local server = answering(REPLY)
  local reply, err = client_at(server, options):chat(params)
  assert.is_nil(reply)
  assert.same({ "invalid_request", 0, table.concat(err.problems, "; ") },
    { err.kind, err.attempts, err.message })
  assert.equal(0, server:connections().opened)
  return err.problems
end

describe("a chat with media", function()
  it("is a form of the category tm2t", function()
    local path = support.write(folder .. "/a cat.png", PNG)
    for _, given in ipairs { path, yuanjing.file(path), { path },
      yuanjing.bytes(PNG, { name = "a cat" }) } do
      local request = sent { prompt = "这是什么", image_file = given,
        temperature = 0.5 }
      assert.equal("multipart/form-data",
        request.headers["content-type"]:match("^[^;]+"))
      assert.same({ "model=qwen3-max", "catelogid=tm2t", "prompt=这是什么",
        "temperature=0.5", "image_file@a cat.png image/png" },
        parts_of(request))
    end
  end)

  it("is streamed", function()
    local request = sent({ prompt = "x", stream = true,
      video_file = yuanjing.bytes("\0\0\0\24ftypisom", { name = "v" }) }, STREAM)
    assert.same({ "model=qwen3-max", "catelogid=tm2t", "prompt=x",
      "stream=true", "video_file@v.mp4 video/mp4" }, parts_of(request))
  end)

  it("takes them in any field, in their order", function()
    local request = sent { prompt = "x", pictures = { yuanjing.bytes(PNG),
      "https://a.example/2.png", yuanjing.asset_ref "asset-3" },
      catelogid = "own" }
    assert.same({ "model=qwen3-max", "catelogid=own", "prompt=x",
      "pictures@file.png image/png", "pictures=https://a.example/2.png",
      "pictures=asset://asset-3" }, parts_of(request))
  end)

  it("is JSON where all of them are addresses", function()
    local request = sent { prompt = "x", image_file = "https://a.example/1.png",
      audio_file = yuanjing.asset_ref "asset-2" }
    assert.same({ model = "qwen3-max", catelogid = "tm2t", prompt = "x",
      stream = false, image_file = "https://a.example/1.png",
      audio_file = "asset://asset-2" }, json.decode(request.body))
  end)

  it("is taken by the sandbox", function()
    local box = assert(sandbox.start { latency = 0 })
    finally(function() box:stop() end)
    local client = yuanjing.new(box.options)
    local params = { prompt = "x", image_file = yuanjing.bytes(PNG) }
    assert(client:chat(params))
    params.stream = true
    assert(assert(client:chat(params)):finish())
    params.category = "t2t"
    assert.equal("Files need the catelogid tm2t",
      select(2, client:chat(params)).message)
  end)

  it("is sent once, and describes the call if no answer comes", function()
    local server = support.serve { default = { { "request" }, { "close" } } }
    local _, err = client_at(server):chat { prompt = "x",
      image_file = yuanjing.bytes(PNG) }
    assert.same({ "outcome_unknown", "tm2t", 1 },
      { err.kind, err.category, #server:requests() })
    local _, other = client_at(server):chat { prompt = "y",
      image_file = yuanjing.bytes(PNG) }
    assert.not_equal(err.digest, other.digest)
  end)

  it("shows its form in a dry run", function()
    local request = assert(yuanjing.new { api_key = "sk-x", dry_run = true }
      :chat { prompt = "x", image_file = yuanjing.bytes(PNG) })
    assert.same({ name = "image_file", file = "file.png", type = "image/png",
      bytes = #PNG }, request.form[#request.form])
  end)
end)

describe("a chat is refused, before anything is sent, with", function()
  local INSIDE = ": a file can not go out from inside a table: give it beside "
    .. "the prompt, as image_file = yuanjing.file(path)"

  it("a file inside its messages", function()
    local file = yuanjing.file(folder .. "/a.png")
    for _, validate in ipairs { true, false } do
      assert.same({ "messages[1].content[2].image_url.url" .. INSIDE },
        problems({ messages = { { role = "user", content = {
          { type = "text", text = "x" }, { type = "image_url",
            image_url = { url = file } } } } } }, { validate = validate }))
      assert.same({ "options.deep.image" .. INSIDE }, problems({ prompt = "x",
        options = { deep = { image = yuanjing.bytes(PNG) } } },
        { validate = validate }))
    end
  end)

  it("a table that was meant as a file", function()
    for place, params in pairs {
      picture = { picture = { path = "/a.png" } },
      ["picture[1]"] = { picture = { { path = "/a.png", name = "b" } } },
      ["messages[1].content[1].image"] = { messages = { { role = "user",
        content = { { type = "image", image = { path = "/a.png" } } } } } },
    } do
      params.prompt = "x"
      assert.same({ place .. ": a table with a path is no file: "
        .. "yuanjing.file(path) makes one" }, problems(params))
    end
    sent({ prompt = "x", picture = { path = "/a.png" } }, nil,
      { validate = false })
    sent { prompt = "x", options = { path = "/a.png", depth = 2 } }
  end)

  it("a path in a field that people would guess", function()
    for name, value in pairs { image = "a.png", images = { "http://h/a.png",
      "猫.JPG" }, videos = { "/a/b.mp4" }, audio = "./c.wav" } do
      local path = type(value) == "table" and value[#value] or value
      assert.same({ ("%s: %q would go out as a text; the platform takes a file "
        .. "as image_file, video_file or audio_file"):format(name, path) },
        problems { prompt = "x", [name] = value })
    end
    sent { prompt = "x", images = { "http://h/a.png", "data:image/png;base64,A" } }
    sent { prompt = "x", image = "a cat", file = "draft" }
    sent({ prompt = "x", image = "a.png" }, nil, { validate = false })
  end)

  it("a file that is not there", function()
    local path = folder .. "/none.png"
    local absent = path .. ": No such file or directory"
    assert.same({ "image_file: " .. absent },
      problems { prompt = "x", image_file = path })
    assert.same({ "picture[2]: " .. absent }, problems { prompt = "x",
      picture = { yuanjing.bytes(PNG), yuanjing.file(path) } })
    assert.same({ "image_file: expected a path, yuanjing.file, "
      .. "yuanjing.bytes or a URL, got number" },
      problems { prompt = "x", image_file = 5 })
    assert.same({ "image_file: expected a medium, or a list of media" },
      problems { prompt = "x", image_file = {} })
  end)

  it("what a form can not hold", function()
    assert.same({ "search: false can not be said along with files, where each "
      .. "text is true: leave it out" }, problems { prompt = "x",
        search = false, image_file = yuanjing.bytes(PNG) })
    assert.same({ "tools: a table can not be said along with files, unless it "
      .. "is a list of texts or numbers" }, problems { prompt = "x",
        tools = { { name = "a" } }, image_file = yuanjing.bytes(PNG) })
  end)

  it("messages that would be ignored", function()
    assert.same({ "messages: not heeded along with media: give a prompt" },
      problems { messages = { { role = "user", content = "x" } },
        image_file = "https://a.example/1.png" })
  end)

  it("files with the legacy API", function()
    assert.same({ "the legacy wire takes no files in a chat: use a client "
      .. 'without api = "legacy"' }, problems({ prompt = "x",
        image_file = yuanjing.bytes(PNG) }, { api = "legacy" }))
  end)
end)

describe("a chat's", function()
  local function body_of(params)
    return json.decode(sent(params).body)
  end

  it("category goes out by the platform's name", function()
    assert.equal("tm2t", body_of { prompt = "x", category = "tm2t" }.catelogid)
    assert.equal("t2t", body_of { prompt = "x", category = "文生文" }.catelogid)
    assert.is_nil(body_of { prompt = "x", category = "t2t" }.category)
    assert.equal("own", body_of { prompt = "x", catelogid = "own" }.catelogid)
    assert.same({ "category, catelogid: they contradict each other" },
      problems { prompt = "x", category = "t2t", catelogid = "tm2t" })
    assert.same({ "category: expected string, got boolean" },
      problems { prompt = "x", category = true })
  end)

  it("off_peak is a true and a false of JSON", function()
    for given, expected in pairs { Y = true, y = true, N = false, n = false } do
      assert.equal(expected, body_of { prompt = "x", off_peak = given }.off_peak)
    end
    assert.is_true(body_of { prompt = "x", off_peak = true }.off_peak)
    assert.is_false(body_of { prompt = "x", off_peak = false }.off_peak)
    assert.equal("maybe", body_of { prompt = "x", off_peak = "maybe" }.off_peak)
    local request = sent { prompt = "x", off_peak = "Y",
      image_file = yuanjing.bytes(PNG) }
    assert.equal("off_peak=true", parts_of(request)[3])
  end)
end)

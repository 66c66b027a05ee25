-- The requests for each row of the platform's own tables (spec/data/api), as
-- the server gets them, read by other parsers than ours.
local ascii = require "yuanjing.base.ascii"
local cjson = require "cjson"
local scripted = require "support.scripted"
local support = require "support"
local yuanjing = require "yuanjing"

local PARSER = debug.getinfo(1, "S").source:match("^@(.*)protocol/v1_spec%.lua$")
  .. "support/parse_form.py"
local KEY = "sk-wire"
local PATHS = { image = "/llmage/v1/image/generations",
  video = "/llmage/v1/video/generations", legacy = "/llmage/video" }
local PROMPT = '一只"猫"坐在\n月亮上 & <more>; a=b'

local PNG = "\137PNG\r\n\26\n" .. "\0\r\n--\255\1\r\n"
local JPEG = "\255\216\255\224\0\16JFIF\0\n"
local MP4 = "\0\0\0\24ftypisom\0\0\2\0\r"
local MP3 = "ID3\4\0\0\0"

-- ---- reading what came

local function hex(bytes)
  return (bytes:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

local function plain(value)
  if value == cjson.null then return nil end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item) end
  return copy
end

-- The parser's result for requests.
local function parse(requests)
  local folder, command = support.tempdir(), { "python3 '" .. PARSER .. "'" }
  for i, request in ipairs(requests) do
    assert(request.complete)
    command[#command + 1] = "'" .. support.write(folder .. "/" .. i,
      request.head .. "\r\n\r\n" .. request.body) .. "'"
  end
  return plain(cjson.decode(support.output(table.concat(command, " "))))
end

local function serve()
  local answer = { { "send", scripted.answer(200, {},
    '{"taskid":"7","status":"CREATED"}') } }
  return support.serve { routes = { [PATHS.image] = answer,
    [PATHS.video] = answer, [PATHS.legacy] = answer } }
end

local function client_at(server, api)
  return yuanjing.new { base_url = server.url, api_key = KEY, api = api }
end

-- Sends one video request to its own server: the parsed request, and the
-- original.
local function sent(api, params, kind)
  local server = serve()
  assert(client_at(server, api)[kind or "video"](client_at(server, api),
    params))
  server:stop()
  local requests = server:requests()
  assert.equal(1, #requests)
  return parse(requests)[1], requests[1]
end

-- ---- the rows

local function rows_of(api)
  local document = cjson.decode(support.read("spec/data/api/models-"
    .. api .. ".json"))
  for _, row in ipairs(document.models) do row.api = api end
  return document.models
end

local ROWS = rows_of("v1")
for _, row in ipairs(rows_of("legacy")) do ROWS[#ROWS + 1] = row end

-- A picture, a film and a sound, with difficult names.
local MEDIA = {
  image = { data = PNG, name = "第一 帧 it's (1); a=b.png",
    type = "image/png" },
  video = { data = MP4, name = "片 子.mp4", type = "video/mp4" },
  audio = { data = MP3, name = "声音.mp3", type = "audio/mpeg" },
}

local function medium_of(param)
  return MEDIA[param.name:match("^%a+")]
end

local function is_medium(param)
  return param.name:find("_file") ~= nil
end

-- A value for a parameter, and the text that must be sent.
local function value_for(row, param)
  local name, choices = param.name, param.enum
  if name == "off_peak" then return true, "Y" end
  if name == "model" then return row.model, row.model end
  if name == "prompt" then return PROMPT, PROMPT end
  if name == "catelogid" then return nil, row.category end
  if name == "llmid" then return nil, row.llmid end
  if param.type == "integer" then
    local number = choices and choices[#choices] or 7
    return number, ("%d"):format(number)
  end
  local text = choices and choices[#choices] or "1280*720"
  return text, text
end

local function given_for(row, folder)
  local given = { model = row.model }
  for _, param in ipairs(row.params) do
    if is_medium(param) then
      local medium = medium_of(param)
      local path = folder .. "/" .. medium.name
      given[param.name] = param.type == "file[]" and { path,
        yuanjing.bytes(medium.data, { name = "second", type = medium.type }) }
        or path
    else
      given[param.name] = (value_for(row, param))
    end
  end
  return given
end

local function base64(bytes)
  local path = support.write(os.tmpname(), bytes)
  local coded = support.output("base64 -w 0 '" .. path .. "'")
  os.remove(path)
  return coded
end

local function data_uri(medium)
  return ("data:%s;base64,%s"):format(medium.type, base64(medium.data))
end

local function part_of(name, data, file_name, mime)
  return { name = name, file_name = file_name, type = mime, hex = hex(data) }
end

-- The fields and files of a form, in the order of the platform's table.
local function expected_form(row)
  local fields, files = {}, {}
  for _, param in ipairs(row.params) do
    local medium = is_medium(param) and medium_of(param)
    if medium then
      files[#files + 1] = part_of(param.name, medium.data, medium.name,
        medium.type)
    else
      local _, text = value_for(row, param)
      fields[#fields + 1] = { param.name, nil, text }
    end
    if param.type == "file[]" then
      files[#files + 1] = part_of(param.name, medium.data, "second."
        .. medium.name:match("%w+$"), medium.type)
    end
  end
  local order = ("text "):rep(#fields) .. ("file "):rep(#files)
  return { fields = fields, files = files, order = order:sub(1, -2) }
end

local function by_name(fields)
  table.sort(fields, function(a, b) return ascii.less(a[1], b[1]) end)
  return fields
end

local function expected_json(row)
  local fields = {}
  for _, param in ipairs(row.params) do
    local _, value = value_for(row, param)
    local kind = "str"
    if is_medium(param) then value = data_uri(medium_of(param)) end
    if param.type == "integer" then value, kind = tonumber(value), "int" end
    fields[#fields + 1] = { param.name, kind, value }
  end
  return { fields = by_name(fields), files = {}, order = "json" }
end

local function has_files(row)
  for _, param in ipairs(row.params) do
    if is_medium(param) then return row.api == "v1" end
  end
  return false
end

-- The headers of any submit, and no others.
local function check_head(request, mime)
  local headers = request.headers
  local own = headers["content-type"]
  assert.equal(mime, mime:find("^multi") and own:match("^[^;]+") or own)
  assert.equal(tostring(request.body_length), headers["content-length"])
  assert.equal("Bearer " .. KEY, headers.authorization)
  local names = {}
  for name in pairs(headers) do names[#names + 1] = name end
  table.sort(names, ascii.less)
  assert.equal("accept authorization content-length content-type host "
    .. "user-agent", table.concat(names, " "))
end

describe("the wire", function()
  after_each(support.clean)

  describe("has for each row of the platform's tables", function()
    local requests, bodies

    setup(function()
      local folder, server = support.tempdir(), serve()
      for _, medium in pairs(MEDIA) do
        support.write(folder .. "/" .. medium.name, medium.data)
      end
      for _, row in ipairs(ROWS) do
        local client = client_at(server, row.api)
        local kind = row.category == "t2i" and "image" or "video"
        local task = assert(client[kind](client, given_for(row, folder)))
        assert.equal("7", task.id)
        assert.equal(row.category, task.category)
      end
      server:stop()
      requests = server:requests()
      bodies = parse(requests)
      support.clean()
    end)

    it("one request", function()
      assert.equal(28, #ROWS)
      assert.equal(#ROWS, #requests)
    end)

    for i, row in ipairs(ROWS) do
      it(("its own fields: %s, %s, %s"):format(row.api, row.model,
        row.category), function()
        local request, body = requests[i], bodies[i]
        assert.equal("POST", request.method)
        assert.equal(row.path or PATHS.legacy, request.path)
        if has_files(row) then
          check_head(request, "multipart/form-data")
          assert.same(expected_form(row), body)
          assert.same({ "model", "catelogid", "prompt" },
            { body.fields[1][1], body.fields[2][1], body.fields[3][1] })
        else
          check_head(request, "application/json")
          by_name(body.fields)
          assert.same(expected_json(row), body)
        end
      end)
    end
  end)

  -- ---- forms

  local HORSE = "happyhorse-1.0-i2v"

  local function form(params)
    params.model = params.model or HORSE
    params.prompt = params.prompt or "x"
    return sent("v1", params)
  end

  local function fields_after(body, n)
    return { (table.unpack or unpack)(body.fields, n + 1) }
  end

  it("sends fields of its own kind in a form as text", function()
    local body = form { first_frame = yuanjing.bytes(PNG), extra = {
      b_flag = true, c_list = { "一", 2, "" },
      d_number = 0.5, e_large = 936759404378734, f_empty = "" } }
    assert.same({ { "b_flag", nil, "true" }, { "c_list", nil, "一" },
      { "c_list", nil, "2" }, { "c_list", nil, "" },
      { "d_number", nil, "0.5" }, { "e_large", nil, "936759404378734" },
      { "f_empty", nil, "" } }, fields_after(body, 3))
  end)

  it("sends them in JSON as what they are", function()
    local body = sent("v1", { model = "happyhorse-1.0-t2v", prompt = "x",
      duration = "7", extra = { a_flag = false, b_flag = true,
      c_list = { "一", 2 }, d_number = 0.5, e_whole = 3 } })
    assert.same({ { "a_flag", "bool", false }, { "b_flag", "bool", true },
      { "c_list", "list", { "一", 2 } }, { "catelogid", "str", "t2v" },
      { "d_number", "float", 0.5 }, { "duration", "int", 7 },
      { "e_whole", "int", 3 }, { "model", "str", "happyhorse-1.0-t2v" },
      { "prompt", "str", "x" } }, by_name(body.fields))
  end)

  it("sends nothing that was not given", function()
    local body = form { first_frame = yuanjing.bytes(PNG) }
    assert.same({ { "model", nil, HORSE }, { "catelogid", nil, "i2v" },
      { "prompt", nil, "x" } }, body.fields)
    body = sent("v1", { model = "wan2.2-t2i-plus", prompt = "x" }, "image")
    assert.same({ { "catelogid", "str", "t2i" },
      { "model", "str", "wan2.2-t2i-plus" }, { "prompt", "str", "x" } },
      by_name(body.fields))
  end)

  it("names and types files by their content", function()
    local images = {}
    for i, case in ipairs { { JPEG, "lies.png" }, { PNG, "none" },
      { "RIFF\1\2\3\4WEBPVP8 ", "照片.JPG" }, { "GIF89a....", "a.gif" },
      { "no such thing", "b.webp" } } do
      images[i] = yuanjing.bytes(case[1], { name = case[2] })
    end
    local body = form { model = "happyhorse-1.0-r2v",
      reference_images = images }
    local seen = {}
    for i, file in ipairs(body.files) do
      assert.equal("image_files", file.name)
      seen[i] = file.file_name .. " " .. file.type
    end
    assert.same({ "lies.jpg image/jpeg", "none.png image/png",
      "照片.webp image/webp", "a.gif image/gif", "b.webp image/webp" }, seen)
  end)

  -- "name=text" or "name@file", as they came.
  local function in_order(request)
    local seen = {}
    for head, body in request.body:gmatch(
      "(Content%-Disposition:.-)\r\n\r\n(.-)\r\n%-%-") do
      local name = head:match('name="([^"]*)"')
      local file = head:match('filename="([^"]*)"')
      seen[#seen + 1] = name .. (file and "@" .. file or "=" .. body)
    end
    return seen
  end

  it("sends pictures in their order, whatever they are", function()
    local _, request = form { model = "happyhorse-1.0-r2v",
      reference_images = { yuanjing.bytes(PNG, { name = "1" }),
        "https://a.example/2.png", yuanjing.bytes(JPEG, { name = "3" }),
        "asset://asset-4", yuanjing.asset_ref "asset-5",
        "data:image/png;base64,iVBORw0KGgo=" } }
    assert.same({ "model=happyhorse-1.0-r2v", "catelogid=ref2v", "prompt=x",
      "image_files@1.png", "image_files=https://a.example/2.png",
      "image_files@3.jpg", "image_files=asset://asset-4",
      "image_files=asset://asset-5", "image_files@file.png" },
      in_order(request))
  end)

  it("sends them in JSON, in their order, where none is a file", function()
    local body = form { model = "happyhorse-1.0-r2v", reference_images = {
      "https://a.example/1.png", "asset://asset-2" } }
    assert.same({ "https://a.example/1.png", "asset://asset-2" },
      by_name(body.fields)[2][3])
  end)

  it("sends a list in the legacy API, in its order", function()
    local body = sent("legacy", { llmid = "7", prompt = "x", extra = {
      image_files = { yuanjing.bytes(PNG), "https://a.example/2.png",
        yuanjing.bytes(PNG) } } })
    local uri = "data:image/png;base64," .. base64(PNG)
    assert.same({ uri, "https://a.example/2.png", uri },
      by_name(body.fields)[1][3])
  end)

  it("sends assets as frames, in both APIs", function()
    local frames = { model = "viduq3-pro", prompt = "x",
      first_frame = yuanjing.asset_ref "a-1", last_frame = "asset://a-2" }
    for _, api in ipairs { "v1", "legacy" } do
      local values = {}
      for _, field in ipairs(sent(api, frames).fields) do
        values[field[1]] = field[3]
      end
      assert.same({ "asset://a-1", "asset://a-2" },
        { values.image_file1, values.image_file2 })
    end
  end)

  it("refuses what a form can not hold", function()
    local client = client_at(serve())
    for problem, extra in pairs {
      ["a_flag: false can not be said along with files, where each text is "
        .. "true: leave it out"] = { a_flag = false },
      ["a_list: false can not be said along with files, where each text is "
        .. "true: leave it out"] = { a_list = { 1, false } },
      ["a_table: a table can not be said along with files, unless it is a "
        .. "list of texts or numbers"] = { a_table = { b = 1 } },
      ["empty: a table can not be said along with files, unless it is a "
        .. "list of texts or numbers"] = { empty = {} },
      ["null: a null can not be said along with files"] = { null = cjson.null },
      ["deep: a table can not be said along with files, unless it is a "
        .. "list of texts or numbers"] = { deep = { { 1 } } },
    } do
      for _, validate in ipairs { true, false } do
        local task, err = client:with { validate = validate }:video {
          model = HORSE, prompt = "x", first_frame = yuanjing.bytes(PNG),
          extra = extra }
        assert.is_nil(task)
        assert.same({ problem }, err.problems)
      end
    end
  end)

  it("sends harmless names for harmful ones", function()
    local names = { 'a"b.png', "a\r\nX-Evil: 1\r\n\r\nb.png", "a\0b.png",
      "../../etc/a.png", "C:\\b.png", "%22%0d.png", "a;filename=b.png",
      "back\\", "\233.png" }
    local images = {}
    for i, name in ipairs(names) do
      images[i] = yuanjing.bytes(PNG, { name = name })
    end
    local body, request = form { model = "happyhorse-1.0-r2v",
      reference_images = images }
    local seen = {}
    for i, file in ipairs(body.files) do
      assert.equal(hex(PNG), file.hex)
      seen[i] = file.file_name
    end
    assert.same({ "a_b.png", "a__X-Evil: 1____b.png", "a_b.png", "a.png",
      "b.png", "%2522%250d.png", "a;filename=b.png", "file.png", "_.png" }, seen)
    check_head(request, "multipart/form-data")
  end)

  it("sends a path's own name, whatever letters it has", function()
    local folder = support.tempdir()
    local path = support.write(folder .. '/第 一"帧"\n.png', PNG)
    local body = form { first_frame = path }
    assert.same({ part_of("image_file", PNG, "第 一_帧__.png", "image/png") },
      body.files)
  end)

  it("sends a data URI as a file and a URL as text", function()
    local body = form { model = "viduq3-pro",
      first_frame = data_uri { type = "image/jpeg", data = JPEG },
      last_frame = "https://host.invalid/a.png?b=c" }
    assert.same({ part_of("image_file1", JPEG, "file.jpg", "image/jpeg") },
      body.files)
    assert.same({ { "image_file2", nil, "https://host.invalid/a.png?b=c" } },
      fields_after(body, 3))
  end)

  it("sends texts that look like parts of a form", function()
    local prompt = 'a\r\n--------------------------0\r\nContent-Disposition: '
      .. 'form-data; name="model"\r\n\r\nevil\r\n'
    local body = form { prompt = prompt, first_frame = yuanjing.bytes(prompt) }
    assert.equal(3, #body.fields)
    assert.equal(prompt, body.fields[3][3])
    assert.equal(hex(prompt), body.files[1].hex)
  end)

  it("sends each byte there is", function()
    local bytes = {}
    for i = 0, 65535 do
      bytes[i + 1] = string.char(i % 256, math.floor(i / 256))
    end
    bytes = table.concat(bytes)
    local path = support.write(support.tempdir() .. "/all.png", bytes)
    local body = form { model = "viduq3-pro", first_frame = path,
      last_frame = yuanjing.bytes(bytes) }
    assert.is_true(hex(bytes) == body.files[1].hex)
    assert.is_true(hex(bytes) == body.files[2].hex)
  end)

  -- ---- legacy

  local VIDU = { model = "viduq3-pro", prompt = "x" }

  local function legacy_images(first, last)
    local body, request = sent("legacy", { model = VIDU.model,
      prompt = VIDU.prompt, first_frame = first, last_frame = last })
    local images = {}
    for _, field in ipairs(body.fields) do
      local n = field[1]:match("^image_file(%d)$")
      if n then images[tonumber(n)] = field[3] end
    end
    check_head(request, "application/json")
    return images
  end

  it("encodes files of every length in the legacy API", function()
    local folder = support.tempdir()
    for extra = 0, 3 do
      local data = PNG .. ("\250"):rep(extra)
      local path = support.write(folder .. "/a.png", data)
      local uri = data_uri { type = "image/png", data = data }
      assert.same({ uri, uri }, legacy_images(path, yuanjing.bytes(data)))
    end
    local long = PNG .. ("\1\2\3\4\5\6\7"):rep(2000)
    local uri = data_uri { type = "image/png", data = long }
    assert.same({ uri, "https://host.invalid/a" }, legacy_images(
      support.write(folder .. "/b.png", long), "https://host.invalid/a"))
  end)

  it("leaves a data URI as it is in the legacy API", function()
    assert.same({ "data:image/png;base64,iVBO", data_uri {
      type = "image/png", data = PNG } },
      legacy_images("data:image/png;base64,iVBO", yuanjing.bytes(PNG)))
  end)

  it("leaves a text alone that looks like the mark of a file", function()
    local body = sent("legacy", { model = VIDU.model,
      prompt = "a yjfile0x1; b <yuanjing file 9>",
      first_frame = yuanjing.bytes(PNG), last_frame = yuanjing.bytes(JPEG) })
    for _, field in ipairs(body.fields) do
      if field[1] == "prompt" then
        assert.equal("a yjfile0x1; b <yuanjing file 9>", field[3])
      end
    end
  end)

  it("spells ratio as radio and looks the llmid up", function()
    local body = sent("legacy", { model = "doubao-seedance-1-5-pro-251215",
      prompt = "x", ratio = "21:9", first_frame = yuanjing.bytes(PNG) })
    assert.same({ { "image_file1", "str", data_uri { type = "image/png",
      data = PNG } }, { "llmid", "str", "7RTOJD6K8A7RXCMG4GnQ9" },
      { "prompt", "str", "x" }, { "radio", "str", "21:9" } },
      by_name(body.fields))
  end)

  it("numbers references in the legacy API", function()
    local body = sent("legacy", { model = "doubao-seedance-1-5-pro-251215",
      prompt = "x", reference_images = { yuanjing.bytes(PNG),
        yuanjing.bytes(JPEG), "https://host.invalid/a.png" } })
    local fields = by_name(body.fields)
    assert.same({ "image_file1", "str", data_uri { type = "image/png",
      data = PNG } }, fields[1])
    assert.same({ "image_file2", "str", data_uri { type = "image/jpeg",
      data = JPEG } }, fields[2])
    assert.same({ "image_file3", "str", "https://host.invalid/a.png" },
      fields[3])
    assert.same({ "llmid", "str", "VooAIOtJdawpZjusWEzrh" }, fields[4])
  end)
end)

local catalog = require "yuanjing.generation.catalog"
local media = require "yuanjing.base.media"
local params = require "yuanjing.generation.params"
local refusal = require "yuanjing.generation.params.refusal"
local support = require "support"

local HEADS = { jpg = "\255\216\255\224", mp4 = "\0\0\0\24ftypisom",
  mp3 = "ID3\4" }

local SEEDANCE = "doubao-seedance-2-0-260128"
local SEEDANCE_1_5 = "doubao-seedance-1-5-pro-251215"

local folder
before_each(function() folder = support.tempdir() end)
after_each(support.clean)

local function file(name)
  return support.write(folder .. "/" .. name, HEADS[name:match("%w+$")])
end

local function files(count)
  local list = {}
  for i = 1, count do list[i] = file(i .. ".jpg") end
  return list
end

-- A checked call in one table: fields as "name=value" or { name, list }, files
-- as "name@file name", and URLs among them as "name=URL".
local function flat(checked)
  local out = {}
  for _, field in ipairs(checked.fields) do
    local name, value = field[1], field[2]
    out[#out + 1] = type(value) == "table" and field
      or ("%s=%s"):format(name, tostring(value))
  end
  for _, item in ipairs(checked.files) do
    local medium = item.medium
    out[#out + 1] = item.name .. (medium.url and "=" .. medium.url
      or "@" .. medium.name)
  end
  return out
end

local function sent(api, kind, given, validate)
  local checked, problems = params.check(api, kind, given, validate)
  return flat(assert(checked, problems and table.concat(problems, "; ")))
end

local function video(given, validate)
  return sent("v1", "video", given, validate)
end

local function legacy(given, validate)
  return sent("legacy", "video", given, validate)
end

local function problems(api, kind, given, validate)
  local checked, list = params.check(api, kind, given, validate)
  assert.is_nil(checked)
  return list
end

local function video_problems(given, validate)
  return problems("v1", "video", given, validate)
end

describe("params: each row", function()
  -- A valid value for a parameter, and what is sent for it.
  local function sample(param)
    if param.name == "prompt" then return "一只猫" end
    if param.flag then return true, "Y" end
    if param.choices then return param.choices[#param.choices] end
    if param.type == "integer" then return tostring(param.default),
      param.default end
    return param.default or "低质量"
  end

  local FILES = { reference_videos = "v.mp4", reference_audios = "a.mp3" }

  -- Two media for a list, or one for each parameter of a role.
  local function media_of(row, by_role)
    local given, expected = {}, {}
    for _, param in ipairs(row.params) do
      if param.role then
        local count = param.type == "files" and 2 or 1
        for i = 1, count do
          local name = ("%s%d %s"):format(param.name, i,
            FILES[param.role] or "f.jpg")
          local path = file(name)
          expected[#expected + 1] = param.name .. "@" .. name
          local key = by_role and param.role or param.name
          local is_list = param.type == "files"
            or by_role and key == "reference_images"
          if is_list then
            given[key] = given[key] or {}
            table.insert(given[key], path)
          else
            given[key] = path
          end
        end
      end
    end
    return given, expected
  end

  local function call_of(row, by_role)
    local given, file_part = media_of(row, by_role)
    local expected = {}
    local head = { llmid = row.llmid, model = row.model,
      catelogid = row.category }
    for _, param in ipairs(row.params) do
      if head[param.name] then
        expected[#expected + 1] = param.name .. "=" .. head[param.name]
      elseif not param.role then
        local value, out = sample(param)
        given[by_role and param.alias or param.name] = value
        expected[#expected + 1] = ("%s=%s"):format(param.name,
          tostring(out or value))
      end
    end
    given.model = row.model
    for _, part in ipairs(file_part) do expected[#expected + 1] = part end
    return given, expected
  end

  for _, row in ipairs(catalog) do
    local name = ("%s %s %s"):format(row.api, row.model, row.category)

    it("goes out by the platform's names: " .. name, function()
      local given, expected = call_of(row, false)
      given.catelogid = row.category
      if row.api == "legacy" then
        -- Here catelogid is not a field, but chooses the row.
        given.catelogid, given.category = nil, row.category
      end
      assert.same(expected, sent(row.api, row.kind, given))
    end)

    it("goes out by the vocabulary, category found: " .. name, function()
      local given, expected = call_of(row, true)
      local checked = assert(params.check(row.api, row.kind, given))
      assert.same(expected, flat(checked))
      assert.equal(row.category, checked.category)
      assert.equal(row.model, checked.model)
    end)

    it("goes out with what it needs alone: " .. name, function()
      local given = { model = row.model, prompt = "p",
        category = row.category }
      local expected = { "prompt=p" }
      for _, param in ipairs(row.params) do
        if param.role and param.required then
          given[param.role] = file("f.jpg")
          expected[#expected + 1] = param.name .. "@f.jpg"
        elseif param.name == "model" then
          table.insert(expected, #expected, "model=" .. row.model)
        elseif param.name == "catelogid" then
          table.insert(expected, #expected, "catelogid=" .. row.category)
        elseif param.name == "llmid" then
          table.insert(expected, 1, "llmid=" .. row.llmid)
        end
      end
      assert.same(expected, sent(row.api, row.kind, given))
    end)

    it("asks for what it needs: " .. name, function()
      local expected = { "prompt: missing" }
      for _, param in ipairs(row.params) do
        if param.role and param.required then
          expected[#expected + 1] = ("%s: needed by %s in category %s")
            :format(param.role, row.model, row.category)
        end
      end
      local list = problems(row.api, row.kind,
        { model = row.model, category = row.category })
      table.sort(expected)
      table.sort(list)
      assert.same(expected, list)
    end)
  end
end)

describe("params: the category", function()
  local function category(api, given)
    given.prompt = "p"
    return assert(params.check(api, "video", given)).category
  end

  it("follows from the media", function()
    local jpg = file("a.jpg")
    local model = SEEDANCE
    assert.equal("t2v", category("v1", { model = model }))
    assert.equal("i2v", category("v1",
      { model = model, first_frame = jpg, last_frame = jpg }))
    assert.equal("ref2v", category("v1",
      { model = model, reference_images = { jpg } }))
    assert.equal("ref2v", category("v1", { model = model,
      image_files = { jpg }, reference_audios = file("a.mp3") }))
    assert.equal("i2v", category("v1",
      { model = SEEDANCE_1_5, last_frame = jpg }))
    assert.equal("i2v", category("legacy",
      { model = SEEDANCE_1_5, image_file1 = jpg }))
    assert.equal("ref2v", category("legacy",
      { model = SEEDANCE_1_5, image_file1 = jpg, image_file3 = jpg }))
  end)

  it("is the model's only one where it has no other", function()
    assert.same({ "prompt: missing",
      "first_frame: needed by happyhorse-1.0-i2v in category i2v" },
      video_problems { model = "happyhorse-1.0-i2v" })
  end)

  it("may be given, by either name", function()
    assert.equal("i2v", category("v1",
      { model = SEEDANCE_1_5, category = "i2v" }))
    assert.equal("i2v", category("v1",
      { model = SEEDANCE_1_5, catelogid = "i2v" }))
    assert.equal("ref2v", category("legacy", { model = SEEDANCE_1_5,
      catelogid = "ref2v", image_file1 = file("a.jpg") }))
  end)

  it("of the legacy API may be given by the llmid, which names the model",
    function()
      local given = { llmid = "VooAIOtJdawpZjusWEzrh", prompt = "p",
        image_file1 = "https://a.example/1.jpg" }
      local checked = assert(params.check("legacy", "video", given))
      assert.equal("ref2v", checked.category)
      assert.equal(SEEDANCE_1_5, checked.model)
      assert.same({ "llmid=VooAIOtJdawpZjusWEzrh", "prompt=p",
        "image_file1=https://a.example/1.jpg" }, flat(checked))
    end)

  it("may be given by another word for it", function()
    local jpg = file("a.jpg")
    for _, word in ipairs { "r2v", "参考生视频", "reference2video" } do
      for _, name in ipairs { "category", "catelogid" } do
        assert.equal("ref2v", category("v1", { model = "happyhorse-1.0-r2v",
          [name] = word, reference_images = { jpg } }))
      end
    end
    assert.equal("t2v", category("v1", { model = SEEDANCE,
      category = "文生视频" }))
    assert.equal("i2v", category("v1", { model = SEEDANCE_1_5,
      category = "图生视频", catelogid = "i2v" }))
    assert.equal("ref2v", category("legacy", { model = SEEDANCE_1_5,
      category = "r2v", image_file1 = jpg }))
    -- The platform's own field may have a new category.
    assert.equal("r2v", category("v1", { model = "new", catelogid = "r2v" }))
    assert.equal("ref2v", category("v1", { model = "new", category = "r2v" }))
  end)

  it("must be one of the model's", function()
    assert.same({ 'category: viduq3-pro has no "ref2v" (it has t2v, i2v)' },
      video_problems { model = "viduq3-pro", prompt = "p",
        category = "ref2v" })
    assert.same({
      'category, catelogid: "t2v" and "i2v" contradict each other' },
      video_problems { model = SEEDANCE_1_5, prompt = "p",
        category = "t2v", catelogid = "i2v" })
    assert.same({ 'llmid: "VooAIOtJdawpZjusWEzrh" is ' .. SEEDANCE_1_5
      .. " in category ref2v, not viduq3-pro" },
      problems("legacy", "video", { model = "viduq3-pro", prompt = "p",
        llmid = "VooAIOtJdawpZjusWEzrh", reference_images = file("a.jpg") }))
  end)
end)

describe("params: the model", function()
  it("must be given", function()
    local list = video_problems {}
    assert.truthy(list[1]:find("model: missing (known: happyhorse-1.0-t2v, ",
      1, true))
    assert.equal("prompt: missing", list[2])
    assert.same({ "model: expected string, got number" },
      video_problems { model = 5, prompt = "p" })
    assert.same({ "model: empty" },
      video_problems { model = "", prompt = "p" })
  end)

  it("must be for that call", function()
    assert.same({ "model: viduq3-pro makes videos: call client:video" },
      problems("v1", "image", { model = "viduq3-pro", prompt = "p" }))
    assert.same({ "model: cogview-3-flash makes images: call client:image" },
      video_problems { model = "cogview-3-flash", prompt = "p" })
  end)

  it("of an llmid with two goes out when given", function()
    local given = { model = "viduq2-turbo", prompt = "p",
      first_frame = "https://a.example/1.jpg", last_frame = file("2.jpg") }
    local checked = assert(params.check("legacy", "video", given))
    assert.same({ "llmid=FK_h7FLYnosv2TkMN4ATC", "model=viduq2-turbo",
      "prompt=p", "image_file1=https://a.example/1.jpg",
      "image_file2@2.jpg" }, flat(checked))
    assert.equal("viduq2-turbo", checked.model)
  end)

  it("unknown to the catalog is sent as given", function()
    local jpg = file("a.jpg")
    assert.same({ "model=new-model", "catelogid=t2v", "prompt=p", "aa=1",
      { "list", { 1, 2 } }, "ratio=2:1", "zz=false" },
      video { model = "new-model", prompt = "p", zz = false, ratio = "2:1",
        list = { 1, 2 }, aa = 1 })
    assert.same({ "model=new", "catelogid=t2i" },
      sent("v1", "image", { model = "new" }))
    assert.same({ "model=new", "catelogid=i2i", "image_file@a.jpg" },
      sent("v1", "image", { model = "new", catelogid = "i2i",
        image_file = jpg }))
    assert.same({ "model=new", "catelogid=i2v", "mask@a.jpg" },
      video { model = "new", mask = media.file(jpg) })
  end)

  it("unknown to the catalog gets the likely names for its media", function()
    local jpg = file("a.jpg")
    local url = "https://a.example/1.jpg"
    assert.same({ "model=new", "catelogid=i2v", "image_file@a.jpg" },
      video { model = "new", first_frame = jpg })
    assert.same({ "model=new", "catelogid=i2v", "image_file1@a.jpg",
      "image_file2@a.jpg" },
      video { model = "new", first_frame = jpg, last_frame = jpg })
    assert.same({ "model=new", "catelogid=ref2v", "audio_files@a.mp3",
      "image_files=" .. url, "image_files@a.jpg", "video_files@v.mp4" },
      video { model = "new", reference_images = { url, jpg },
        reference_audios = file("a.mp3"), video_files = { file("v.mp4") } })
    assert.same({ "llmid=1", "model=new", "prompt=p", "image_file2=" .. url,
      "image_file1@a.jpg" }, legacy { llmid = "1", model = "new",
        prompt = "p", reference_images = { jpg, url } })
  end)

  it("unknown to the legacy catalog needs an llmid", function()
    assert.same({ 'llmid: none is known for "new" (known: '
      .. table.concat(catalog.models("legacy"), ", ") .. ")" },
      problems("legacy", "video", { model = "new", prompt = "p" }))
    assert.same({ "model=new", "prompt=p" },
      legacy({ model = "new", prompt = "p" }, false))
    assert.same({ "llmid=other", "prompt=p" },
      legacy { llmid = "other", model = "wan2.6-t2v", prompt = "p" })
  end)
end)

describe("params: values", function()
  local function with(name, value)
    local given = { model = "viduq3-pro", prompt = "p" }
    given[name] = value
    return given
  end

  local function out(name, value)
    return video(with(name, value))[4]
  end

  local function refused(name, value)
    return video_problems(with(name, value))[1]
  end

  it("are folded to the model's spelling", function()
    assert.equal("resolution=720p", out("resolution", "720P"))
    assert.equal("off_peak=Y", out("off_peak", "y"))
    assert.same("resolution=1080P", video { model = "happyhorse-1.0-t2v",
      prompt = "p", resolution = "1080p" }[4])
    assert.same("radio=adaptive", legacy { model = SEEDANCE_1_5,
      prompt = "p", ratio = "Adaptive" }[3])
  end)

  it("true and false are flags", function()
    assert.equal("off_peak=Y", out("off_peak", true))
    assert.equal("off_peak=N", out("off_peak", false))
    assert.equal("off_peak: expected true, false, Y or N, got number",
      refused("off_peak", 1))
  end)

  it("are whole numbers, as a number or as text", function()
    for _, five in ipairs { 5, 5.0, "5" } do
      local checked = assert(params.check("v1", "video",
        with("duration", five)))
      assert.same({ "duration", 5 }, checked.fields[4])
      assert.equal(math.type and "integer",
        math.type and math.type(checked.fields[4][2]))
    end
    for shown, wrong in pairs { ["5.5"] = 5.5, ['"5s"'] = "5s",
      ['""'] = "", ["true"] = true, table = {} } do
      assert.equal("duration: expected a whole number, got " .. shown,
        refused("duration", wrong))
    end
    assert.truthy(refused("duration", 1 / 0))
    assert.truthy(refused("duration", 0 / 0))
  end)

  it("are in their bounds", function()
    assert.equal("duration=1", out("duration", 1))
    assert.equal("duration=16", out("duration", 16))
    assert.equal("duration: 0 is not from 1 to 16", refused("duration", 0))
    assert.equal("duration: 17 is not from 1 to 16", refused("duration", "17"))
  end)

  it("are among the choices", function()
    assert.equal('ratio: "2:1" is not one of 16:9, 9:16, 4:3, 3:4, 1:1',
      refused("ratio", "2:1"))
    assert.same({ "duration: 7 is not one of 5, 10, 15" },
      video_problems { model = "wan2.6-t2v", prompt = "p", duration = 7 })
    assert.equal("ratio: a text of 99 bytes is not one of "
      .. "16:9, 9:16, 4:3, 3:4, 1:1", refused("ratio", ("x"):rep(99)))
  end)

  it("may be the default, though it is not among the choices", function()
    assert.equal("ratio=adaptive", video { model = "happyhorse-1.0-t2v",
      prompt = "p", ratio = "adaptive" }[4])
    assert.same({ 'ratio: "adaptive" is not one of '
      .. "16:9, 4:3, 1:1, 3:4, 9:16" },
      video_problems { model = "happyhorse-1.0-r2v", prompt = "p",
        reference_images = files(1), ratio = "adaptive" })
  end)

  it("are of the right type", function()
    assert.equal("prompt: expected string, got number", refused("prompt", 1))
    assert.equal("prompt: missing", refused("prompt", ""))
    assert.equal("ratio: expected string, got table", refused("ratio", {}))
    assert.equal("ratio: takes no file",
      refused("ratio", media.bytes("abc")))
    assert.equal("prompt: the text is not UTF-8", refused("prompt", "\255"))
  end)
end)

describe("params: names", function()
  local function refused(given)
    given.model, given.prompt = given.model or "viduq3-pro", "p"
    return video_problems(given)
  end

  it("that are mistyped get the right one suggested", function()
    local pairs_of = { off_peek = "off_peak", resoluton = "resolution",
      Ratio = "ratio", raito = "ratio", frist_frame = "first_frame",
      reference_image = "reference_images", image1_file = "image_file1",
      catalogid = "catelogid", catagory = "category", extras = "extra" }
    for wrong, right in pairs(pairs_of) do
      assert.same({ ('%s: unknown parameter, did you mean "%s"?')
        :format(wrong, right) }, refused { [wrong] = "x" })
    end
  end)

  it("that are near none get a list of all", function()
    for _, name in ipairs { "timeout", "remark", "seed" } do
      assert.same({ name .. ": unknown parameter of viduq3-pro in category "
        .. "t2v (known: prompt, off_peak, duration, ratio, resolution)" },
        refused { [name] = 1 })
    end
    assert.same({ "1: unknown parameter of wan2.6-r2v in category i2v "
      .. "(known: prompt, negative_prompt, size, duration, first_frame, "
      .. "last_frame)" }, refused { "x", model = "wan2.6-r2v",
      first_frame = file("a.jpg"), last_frame = file("b.jpg") })
    assert.truthy(refused { [("x"):rep(1000)] = 1 }[1]
      :find("^a long name: unknown parameter"))
  end)

  it("of another category are reported as such", function()
    -- The catalog has no such model today.
    local t2v = { model = "m", category = "t2v",
      params = { { name = "ratio", type = "string" } } }
    local i2v = { model = "m", category = "i2v", params = {} }
    assert.same({ "ratio", "no parameter of m in category i2v (but in t2v)" },
      { refusal({ model = "m", row = i2v, rows = { t2v, i2v } }, "ratio") })
  end)

  it("given twice for one field are refused", function()
    local jpg = file("a.jpg")
    assert.same({ "image_file1: first_frame is the same field" },
      refused { first_frame = jpg, image_file1 = jpg, last_frame = jpg })
    assert.same({ "reference_images: image_files is the same field" },
      refused { model = SEEDANCE, image_files = { jpg, jpg },
        reference_images = { jpg, jpg } })
    assert.same({ "ratio: radio is the same field" },
      problems("legacy", "video", { model = SEEDANCE_1_5, prompt = "p",
        radio = "1:1", ratio = "1:1" }))
  end)
end)

describe("params: media", function()
  it("are paths, files, bytes and URLs", function()
    local path = file("a b.jpg")
    local given = { model = SEEDANCE, prompt = "p", reference_images = { path,
      media.file(path, { name = "猫.jpg" }), media.bytes(HEADS.jpg),
      "https://a.example/1.jpg", "data:image/jpeg;base64,/9j/4A==" } }
    local checked = assert(params.check("v1", "video", given))
    assert.same({ "model=" .. SEEDANCE, "catelogid=ref2v", "prompt=p",
      "image_files@a b.jpg", "image_files@猫.jpg", "image_files@file.jpg",
      "image_files=https://a.example/1.jpg", "image_files@file.jpg" },
      flat(checked))
    assert.same({ kind = "path", path = path, name = "a b.jpg",
      type = "image/jpeg", size = 4 }, checked.files[1].medium)
    assert.equal("\255\216\255\224", checked.files[5].medium.data)
  end)

  it("are text in the legacy API where they are", function()
    local uri = "data:image/jpeg;base64,/9j/4A=="
    assert.same({ "llmid=7RTOJD6K8A7RXCMG4GnQ9", "prompt=p",
      "image_file1=" .. uri, "image_file2=https://a.example/2.jpg" },
      legacy { model = SEEDANCE_1_5, prompt = "p", first_frame = uri,
        last_frame = "https://a.example/2.jpg" })
  end)

  it("may be one for a list", function()
    local jpg = file("a.jpg")
    for _, one in ipairs { jpg, media.file(jpg), { jpg } } do
      assert.equal("image_files@a.jpg", video { model = "happyhorse-1.0-r2v",
        prompt = "p", reference_images = one }[4])
    end
    assert.equal("image_file1@a.jpg", legacy { model = SEEDANCE_1_5,
      prompt = "p", reference_images = jpg }[3])
  end)

  it("that can not be read are reported, each", function()
    local none = folder .. "/none.jpg"
    local absent = none .. ": No such file or directory"
    assert.same({ "reference_images[1]: " .. absent,
      "reference_images[3]: " .. folder .. ": Is a directory" },
      video_problems { model = SEEDANCE, prompt = "p",
        reference_images = { none, file("a.jpg"), folder } })
    assert.same({ "first_frame: " .. absent }, video_problems(
      { model = "new", first_frame = none }, false))
    assert.same({ "reference_images: expected a list of media" },
      video_problems { model = SEEDANCE, prompt = "p",
        reference_images = { path = none } })
    assert.same({ "first_frame: expected a path, yuanjing.file, "
      .. "yuanjing.bytes or a URL, got table" },
      video_problems { model = "happyhorse-1.0-i2v", prompt = "p",
        first_frame = { file("a.jpg") } })
    assert.same({ "first_frame: the data URI is no base64" },
      video_problems { model = "happyhorse-1.0-i2v", prompt = "p",
        first_frame = "data:image/png;base64,*" })
  end)

  it("are in no other value", function()
    local jpg = media.file(file("a.jpg"))
    for _, validate in ipairs { true, false } do
      assert.same({ "ratio: takes no file" }, video_problems({
        model = "viduq3-pro", prompt = "p", ratio = jpg }, validate))
      assert.same({ "options.deep: a file can not stand inside a table" },
        video_problems({ model = "viduq3-pro", prompt = "p",
          extra = { options = { deep = jpg } } }, validate))
    end
    -- The first of a list need not be an object.
    assert.same({ "model=new", "catelogid=i2v", "pictures@b.jpg",
      "pictures@a.jpg" }, video { model = "new",
        pictures = { file("b.jpg"), jpg } })
  end)

  it("are assets, which are text", function()
    assert.same({ "model=" .. SEEDANCE, "catelogid=i2v", "prompt=p",
      "image1_file=asset://a", "image2_file=asset://b" }, video {
        model = SEEDANCE, prompt = "p", first_frame = media.asset_ref "a",
        last_frame = "asset://b" })
    assert.same({ "model=" .. SEEDANCE, "catelogid=ref2v", "prompt=p",
      { "image_files", { "asset://a" } } }, video { model = SEEDANCE,
        prompt = "p", reference_images = media.asset_ref "a" })
    assert.same({ "reference_images: no good id of an asset" },
      video_problems { model = SEEDANCE, prompt = "p",
        reference_images = "asset://a b" })
    local clip = setmetatable({}, { __medium = function()
      return "a", "video"
    end })
    assert.same({ "reference_images[1]: expected image, got video" },
      video_problems { model = SEEDANCE, prompt = "p",
        reference_images = { clip } })
  end)

  it("are not more than the model takes", function()
    assert.same({ "reference_images: at most 9, got 10" },
      video_problems { model = "happyhorse-1.0-r2v", prompt = "p",
        reference_images = files(10) })
    assert.equal(13, #video { model = SEEDANCE, prompt = "p",
      reference_images = files(10) })
    assert.same({ "reference_images: at most 3, got 4" },
      problems("legacy", "video", { model = SEEDANCE_1_5, prompt = "p",
        reference_images = files(4) }))
    assert.same({ "llmid=VooAIOtJdawpZjusWEzrh", "prompt=p",
      "image_file1@1.jpg", "image_file2@2.jpg", "image_file3@3.jpg",
      "image_file4@4.jpg" }, legacy({ model = SEEDANCE_1_5, prompt = "p",
        reference_images = files(4) }, false))
  end)

  it("that are needed must be there", function()
    assert.same({ "last_frame: needed by viduq3-pro in category i2v" },
      video_problems { model = "viduq3-pro", prompt = "p",
        first_frame = file("a.jpg") })
    assert.same({
      "reference_images: needed by happyhorse-1.0-r2v in category ref2v" },
      video_problems { model = "happyhorse-1.0-r2v", prompt = "p",
        reference_images = {} })
    assert.same({ "model=" .. SEEDANCE, "catelogid=ref2v", "prompt=p",
      "image_files@1.jpg" }, video { model = SEEDANCE, prompt = "p",
        image_files = files(1), video_files = {} })
  end)

  it("in an empty list choose no category that is billed", function()
    local empty = { "the list is empty: leave it out" }
    for name, api in pairs { reference_images = "v1", reference_videos = "v1",
      image_files = "v1", reference_audios = "v1" } do
      local given = { model = "new", prompt = "p", [name] = {} }
      assert.same({ name .. ": " .. empty[1] }, problems(api, "video", given))
      assert.same({ name .. ": " .. empty[1] },
        problems(api, "video", given, false))
    end
    assert.same({ "reference_images: " .. empty[1] }, video_problems({
      model = "happyhorse-1.0-r2v", prompt = "p", reference_images = {} },
      false))
    assert.same({ "reference_images: " .. empty[1] }, video_problems {
      model = "new", prompt = "p", first_frame = file("a.jpg"),
      reference_images = {} })
    assert.is_nil(params.check("legacy", "video", { model = "new", llmid = "x",
      prompt = "p", reference_images = {} }))
  end)

  it("that the category does not take get the categories that do", function()
    local jpg = file("a.jpg")
    assert.same({
      "first_frame: not taken by viduq3-pro in category t2v (i2v takes it)" },
      video_problems { model = "viduq3-pro", prompt = "p", category = "t2v",
        first_frame = jpg })
    assert.same({ "first_frame: not taken by " .. SEEDANCE
      .. " in category ref2v (i2v takes it)" },
      video_problems { model = SEEDANCE, prompt = "p", first_frame = jpg,
        reference_images = { jpg } })
    assert.same({ "last_frame: not taken by happyhorse-1.0-i2v in category "
      .. "i2v (it takes first_frame)" },
      video_problems { model = "happyhorse-1.0-i2v", prompt = "p",
        first_frame = jpg, last_frame = jpg })
    assert.same({ "reference_images: not taken by viduq3-pro in category "
      .. "t2v (it takes no media; its categories are t2v, i2v)" },
      video_problems { model = "viduq3-pro", prompt = "p",
        reference_images = { jpg } })
    assert.same({ "first_frame: not taken by cogview-3-flash in category "
      .. "t2i (it takes no media)" }, problems("v1", "image",
      { model = "cogview-3-flash", prompt = "p", first_frame = jpg }))
  end)

  it("are of the kind in their name", function()
    assert.same({ "reference_audios: expected audio, got image/jpeg",
      "reference_images[1]: expected image, got video/mp4" },
      video_problems { model = SEEDANCE, prompt = "p",
        reference_images = { file("v.mp4") },
        reference_audios = file("a.jpg") })
  end)
end)

describe("params: extra", function()
  it("goes out unchecked, after the others, sorted", function()
    local jpg = file("a.jpg")
    local options = { deep = true }
    assert.same({ "model=viduq3-pro", "catelogid=t2v", "prompt=p",
      "duration=99", "ratio=1:1", "camera=fixed", "seed=7",
      "mask_file@a.jpg" },
      video { model = "viduq3-pro", prompt = "p", ratio = "1:1",
        extra = { seed = 7, camera = "fixed", duration = 99,
          mask_file = media.file(jpg) } })
    assert.same({ "model=viduq3-pro", "catelogid=t2v", "prompt=p",
      { "options", options } }, video { model = "viduq3-pro", prompt = "p",
        extra = { options = options } })
    assert.same({ "model=viduq3-pro", "catelogid=t2v", "prompt=p",
      "x_file=no path" }, video { model = "viduq3-pro", prompt = "p",
        extra = { x_file = "no path" } })
  end)

  it("is not what was given already", function()
    local jpg = file("a.jpg")
    assert.same({ "extra.catelogid: the same field goes out without it",
      "extra.image_file: the same field goes out without it",
      "extra.prompt: the same field goes out without it" },
      video_problems({ model = "happyhorse-1.0-i2v", prompt = "p",
        first_frame = jpg, extra = { prompt = "q", image_file = jpg,
          catelogid = "t2v" } }, false))
  end)

  it("is a table of names", function()
    assert.same({ "extra: expected table, got string" },
      video_problems { model = "viduq3-pro", prompt = "p", extra = "x" })
    assert.same({ "extra: expected table, got a file" }, video_problems {
      model = "viduq3-pro", prompt = "p", extra = media.bytes("x") })
    assert.same({ "1: a parameter needs a name" }, video_problems {
      model = "viduq3-pro", prompt = "p", extra = { "x" } })
  end)
end)

describe("params: faults", function()
  it("name the parameter and the item that they are about", function()
    local _, texts, _, faults = params.check("v1", "video", {
      model = "happyhorse-1.0-r2v", prompt = "p", category = "i2v",
      catelogid = "t2v", reference_images = { file("a.jpg"), folder },
      sead = 1 })
    assert.equal(#texts, #faults)
    local list = faults:fields().faults
    for n, fault in ipairs(list) do
      local place = fault.index and ("%s[%d]"):format(fault.parameter,
        fault.index) or fault.parameter
      assert.equal(texts[n], (place and place .. ": " or "") .. fault.text)
    end
    assert.same({ parameter = "sead", text = list[#list].text }, list[#list])
    assert.same({ text = 'category, catelogid: "i2v" and "t2v" contradict '
      .. "each other" }, list[1])
    assert.same({ "reference_images", 2 },
      { list[#list - 1].parameter, list[#list - 1].index })
  end)
end)

describe("params: what newer documents may allow", function()
  local function is_dated(given, api)
    given.model, given.prompt = given.model or "viduq3-pro", given.prompt or "p"
    local checked, list, dated = params.check(api or "v1", "video", given)
    assert.is_nil(checked)
    assert.truthy(#list > 0)
    return dated or false
  end

  it("differs from what is wrong in any case", function()
    local jpg = file("a.jpg")
    for _, given in ipairs {
      { first_frame = jpg }, { ratio = "21:9" }, { duration = 17 },
      { category = "ref2v", reference_images = { jpg } },
      { model = "happyhorse-1.0-r2v", reference_images = files(10) },
    } do
      assert.is_true(is_dated(given))
    end
    for _, given in ipairs { { ratio = 5 }, { duration = "5s" }, { prompt = "" },
      { off_peek = true }, { first_frame = folder, last_frame = jpg },
      { model = "" } } do
      assert.is_false(is_dated(given))
    end
    assert.is_true(is_dated({ model = "viduq3-pro", first_frame = jpg },
      "legacy"))
  end)

  it("goes out unchecked", function()
    assert.same({ "model=" .. SEEDANCE, "catelogid=i2v", "prompt=p",
      "ratio=21:9", "image1_file@a.jpg" }, video({ model = SEEDANCE,
        prompt = "p", ratio = "21:9", first_frame = file("a.jpg") }, false))
  end)
end)

describe("params: an image with the legacy API", function()
  it("is refused, checked or not: it would be a video", function()
    for _, validate in ipairs { true, false } do
      for _, given in ipairs { { llmid = "CrEMkFQfRCmbmopZsCqLj", prompt = "p" },
        { model = "wan2.2-t2i-plus", prompt = "p" }, {} } do
        assert.same({ "the legacy wire makes no images: call client:image of a "
          .. 'client without api = "legacy"' },
          problems("legacy", "image", given, validate))
      end
    end
  end)
end)

describe("params: unchecked", function()
  it("still maps what it knows", function()
    local jpg = file("a.jpg")
    assert.same({ "model=viduq3-pro", "catelogid=i2v", "prompt=5",
      "off_peak=Y", "duration=99", "resolution=8k", "image_file1@a.jpg",
      "remark@a.jpg" }, video({ model = "viduq3-pro", prompt = 5,
        first_frame = jpg, off_peak = true, duration = "99",
        resolution = "8k", remark = media.file(jpg) }, false))
    assert.same({ "model=cogview-3-flash", "catelogid=new", "sead=1",
      "image_file@a.jpg" }, video({ model = "cogview-3-flash",
        category = "new", sead = 1, first_frame = jpg }, false))
    assert.same({ "catelogid=t2v" }, video({}, false))
  end)
end)

describe("params: all of it", function()
  it("reports every problem in one list", function()
    assert.same({
      'category: viduq3-pro has no "t2i" (it has t2v, i2v)',
      "duration: 17 is not from 1 to 16",
      "first_frame: " .. folder .. ": Is a directory",
      "prompt: expected string, got boolean",
      'off_peek: unknown parameter, did you mean "off_peak"?',
      "extra.duration: the same field goes out without it",
      "last_frame: needed by viduq3-pro in category i2v",
    }, video_problems { model = "viduq3-pro", category = "t2i",
      prompt = true, duration = 17, first_frame = folder, off_peek = true,
      extra = { duration = 3 } })
  end)

  it("changes nothing of what it was given, nor of the catalog", function()
    local function copy(value)
      if type(value) ~= "table" then return value end
      local made = setmetatable({}, getmetatable(value))
      for key, item in pairs(value) do made[key] = copy(item) end
      return made
    end
    local list = files(4)
    list[5] = media.file(list[1])
    local calls = {
      { model = "happyhorse-1.0-r2v", prompt = "p", resolution = "720p",
        reference_images = list, extra = { seed = 1 } },
      { model = "new", reference_images = list, extra = { seed = 1 } },
      { model = SEEDANCE_1_5, prompt = "p", reference_images = list },
    }
    local calls_before, catalog_before = copy(calls), copy(catalog)
    for _, given in ipairs(calls) do
      for _, api in ipairs { "v1", "legacy" } do
        params.check(api, "video", given)
        params.check(api, "video", given, false)
      end
    end
    assert.same(calls_before, calls)
    assert.same(catalog_before, copy(catalog))
  end)
end)

-- A host may set its locale at any time, between two calls too.
local digest = require "yuanjing.base.digest"
local json = require "yuanjing.base.json"
local yuanjing = require "yuanjing"

local PNG = "\137PNG\r\n\26\n" .. ("\0"):rep(20)
local client = yuanjing.new { api_key = "sk-locale", dry_run = true,
  base_url = "http://127.0.0.1:1" }

-- Everything that is sent, as texts.
local WAYS = {
  ["a body"] = function()
    return client:chat { prompt = "x", temperature = 0.7,
      stop = { 1.5, { -2.25e-7 } } }.json
  end,
  ["a form"] = function()
    local form = client:video { model = "viduq3-pro", prompt = "x",
      first_frame = yuanjing.bytes(PNG), last_frame = yuanjing.bytes(PNG),
      extra = { scale = 7.5, many = { 0.25, 1e-9 } } }.form
    local lines = {}
    for n, part in ipairs(form) do
      lines[n] = part.name .. "=" .. (part.value or part.file)
    end
    return table.concat(lines, "\n")
  end,
  ["a query"] = function()
    return client:request { path = "/x", query = { a = 0.5, B = 1e-9, b = "é",
      ["0.5"] = 3 } }.url
  end,
  ["a digest"] = function()
    return digest { a = 0.7, B = { 1 / 3 }, b = 2 ^ 70, [0.5] = "I", _ = -0.25 }
  end,
  ["what is read"] = function()
    local value = assert(json.decode '{"a":1.5,"b":[-2.5e-3,1e2,0.1]}')
    return value.a == 1.5 and value.b[1] == -0.0025 and value.b[2] == 100
      and value.b[3] == 0.1
  end,
}

-- Names in an object have no order.
local function sorted(text)
  if type(text) ~= "string" or not text:find("^{") then return text end
  local bytes = { text:byte(1, -1) }
  table.sort(bytes)
  return string.char((table.unpack or unpack)(bytes))
end

local function finally_c()
  os.setlocale(os.getenv("YJ_LOCALE") or "C")
end

describe("a locale set between two calls", function()
  after_each(finally_c)

  for _, locale in ipairs { "de_DE.UTF-8", "tr_TR.UTF-8",
    "tr_TR.ISO-8859-9" } do
    for name, way in pairs(WAYS) do
      it(locale .. " changes nothing of " .. name, function()
        if not os.setlocale(locale) then return pending("make locales") end
        os.setlocale("C")
        local before = way()
        assert.truthy(before)
        os.setlocale(locale)
        assert.equal(sorted(before), sorted(way()))
        os.setlocale("C")
        assert.equal(sorted(before), sorted(way()))
      end)
    end
  end
end)

-- Numbers that can not be sent, and the message for each.
local REFUSED = {
  { "infinity", -math.huge, "has no -inf" }, { "NaN", 0 / 0, "nan" },
  { "what may be rounded", 2 ^ 60, "may have been rounded" },
}

describe("a number that can not be sent", function()
  local calls = {
    ["a body"] = { "temperature: ", function(value)
      return client:chat { prompt = "x", temperature = value }
    end },
    ["a form"] = { "scale: ", function(value)
      return client:video { model = "happyhorse-1.0-i2v", prompt = "x",
        first_frame = yuanjing.bytes(PNG), extra = { scale = { 1, value } } }
    end },
    ["a query"] = { "query.page: ", function(value)
      return client:request { path = "/x", query = { page = value } }
    end },
  }
  for place, call in pairs(calls) do
    for _, row in ipairs(REFUSED) do
      it(("is refused in %s: %s"):format(place, row[1]), function()
        local sent, err = call[2](row[2])
        assert.is_nil(sent)
        assert.equal("invalid_request", err.kind)
        assert.equal(0, err.attempts)
        assert.truthy(err.message:find(call[1], 1, true), err.message)
        assert.truthy(err.message:find(row[3], 1, true), err.message)
      end)
    end
  end
end)

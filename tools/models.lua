-- Writes docs/models.md and docs/zh/models.md from the catalog:   make docs
--   lua5.4 tools/models.lua [zh]
local catalog = require "yuanjing.generation.catalog"
local fields = require "yuanjing.protocol.fields"

local ENGLISH = {
  head = [[
English · [中文](zh/models.md)

# Models

`make docs` writes this page from `yuanjing.catalog`; the checks use the same data.
If you leave a parameter out, the platform uses the default that is shown. Media have
the same names on every model: `first_frame`, `last_frame`, `reference_images`,
`reference_videos`, `reference_audios`. The names in the tables, which are the
platform's own, work too. "Good for" follows from a model's category and parameters: the
documents describe no model in words.

`client:models()` asks which of them your key can use now: its `usable` has their rows.
What they cost: [guide/account.md](guide/account.md).

## Texts

The documents name `qwen3-max` (the default of `client:chat`). The platform has more, with or without pictures and
tools: `client:models { category = "t2t" }` and `yuanjing models --category t2t` list them. The client sends
any name as it is.
]],
  titles = { v1 = "v1", legacy = "The legacy API (`api = \"legacy\"`)" },
  range = "%s to %s", most = "at most %d", works = "`%s` works as well",
  flag = "true and false work as well", needed = "yes",
  columns = "| name | type | needed | default | |",
  makes = { t2i = "a picture from a text", t2v = "a video from a text",
    i2v = "a video from a first frame",
    ref2v = "a video with given pictures as references" },
  last_frame = " and a last one", references = ", also videos and sounds",
  seconds = "%s to %s s", up_to = "up to %s", off_peak = "takes `off_peak`",
  closed = "not opened yet", good_for = "Good for: %s.", comma = ", ",
}

local CHINESE = {
  -- Its lines are joined: a line break would show as a blank.
  head = ([[
[English](../models.md) · 中文

# 模型

本页由 `make docs` 根据 `yuanjing.catalog` 生成，参数检查用的也是这份数据。
不写的参数，平台按表里的默认值处理。媒体参数在每个模型上都叫同样的名字：
`first_frame`（首帧）、`last_frame`（尾帧）、`reference_images`（参考图片）、
`reference_videos`（参考视频）、`reference_audios`（参考音频）；
表里列的是平台自己的字段名，同样能用。“适合”一行由类别和参数推出，
平台文档没有用文字介绍过任何模型。

`client:models()` 查询你的密钥现在能用哪些模型，返回值的 `usable` 里就是它们在目录中的条目。
价格见 [guide/account.md](guide/account.md)。

## 文本

平台文档里写明的是 `qwen3-max`（`client:chat` 的默认模型）。平台上还有更多文本模型，
有的能看图、能调用工具：
用 `client:models { category = "t2t" }` 或 `yuanjing models --category t2t` 列出。
名字写什么，客户端就原样发什么。
]]):gsub("([^\n])\n([^\n])", "%1%2"),
  titles = { v1 = "v1", legacy = "旧接口（`api = \"legacy\"`）" },
  range = "%s 到 %s", most = "最多 %d 个", works = "也可以写 `%s`",
  flag = "也可以写 true、false", needed = "是",
  columns = "| 名称 | 类型 | 必填 | 默认值 | |",
  makes = { t2i = "文字生成图片", t2v = "文字生成视频", i2v = "首帧生成视频",
    ref2v = "参考给定图片生成视频" },
  last_frame = "，可带尾帧", references = "，也可参考视频和声音",
  seconds = "%s 到 %s 秒", up_to = "最高 %s", off_peak = "支持 `off_peak`（错峰）",
  closed = "尚未开放", good_for = "适合：%s。", comma = "，",
}

local text = arg[1] == "zh" and CHINESE or ENGLISH

local function one_of(list)
  local shown = {}
  for i, item in ipairs(list) do shown[i] = ("`%s`"):format(tostring(item)) end
  return table.concat(shown, ", ")
end

local function bounds(param)
  if param.minimum or param.maximum then
    return text.range:format(param.minimum or "", param.maximum or "")
  end
  return param.max_count and text.most:format(param.max_count)
end

local function notes(param)
  local list = {}
  local function add(note) list[#list + 1] = note end
  if param.role then add(("`%s`"):format(param.role)) end
  if param.alias then add(text.works:format(param.alias)) end
  if param.flag then add(text.flag) end
  if param.choices then add(one_of(param.choices)) end
  add(bounds(param))
  return table.concat(list, "; ")
end

local function row(param)
  return ("| `%s` | %s | %s | %s | %s |"):format(param.name, param.type,
    param.required and text.needed or "",
    param.default ~= nil and ("`%s`"):format(tostring(param.default)) or "",
    notes(param))
end

local function named(model, name)
  for _, param in ipairs(model.params) do
    if param.name == name or param.role == name then return param end
  end
end

local function seconds(model)
  local param = named(model, "duration")
  if not param then return nil end
  local choices, most = param.choices, param.maximum
  if choices then return text.seconds:format(choices[1], choices[#choices]) end
  return most and text.seconds:format(param.minimum or 1, most) or nil
end

-- What it makes, by its category and the parameters that the documents give it.
local function good_for(model)
  local list = { text.makes[model.category] or model.category }
  if named(model, "last_frame") then list[1] = list[1] .. text.last_frame end
  if named(model, "reference_videos") then list[1] = list[1] .. text.references end
  list[#list + 1] = seconds(model)
  local resolution = named(model, "resolution")
  local choices = resolution and resolution.choices
  list[#list + 1] = choices and text.up_to:format(choices[#choices]) or nil
  list[#list + 1] = named(model, "off_peak") and text.off_peak or nil
  return text.good_for:format(table.concat(list, text.comma))
end

local function section(model)
  local lines = { ("### %s, %s"):format(model.model, model.category), "" }
  local facts = { "`client:" .. model.kind .. "`", model.vendor,
    model.llmid and "llmid `" .. model.llmid .. "`",
    model.available == false and text.closed or nil }
  local shown = {}
  for i = 1, 4 do shown[#shown + 1] = facts[i] or nil end
  lines[#lines + 1] = table.concat(shown, " · ")
  lines[#lines + 1] = ""
  lines[#lines + 1] = good_for(model)
  lines[#lines + 1] = ""
  lines[#lines + 1] = text.columns
  lines[#lines + 1] = "|---|---|---|---|---|"
  for _, param in ipairs(model.params) do
    if not fields.is_filled_in(param.name) then lines[#lines + 1] = row(param) end
  end
  return table.concat(lines, "\n") .. "\n"
end

local function page()
  local parts, api = { text.head }, nil
  for _, model in ipairs(catalog) do
    if model.api ~= api then
      api = model.api
      parts[#parts + 1] = "## " .. text.titles[api] .. "\n"
    end
    parts[#parts + 1] = section(model)
  end
  return table.concat(parts, "\n")
end

io.write(page())

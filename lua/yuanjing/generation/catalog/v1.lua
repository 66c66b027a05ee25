--- The models of the v1 API, as docs/platform/api-v1.md and
-- docs/platform/api-v1-and-assets.md document them.
local build = require "yuanjing.generation.catalog.build"
local text, duration, medium = build.text, build.duration, build.medium

local MODEL = { name = "model", type = "string", required = true }
local PROMPT = { name = "prompt", type = "string", required = true }
local NEGATIVE = text("negative_prompt")

local RATIOS = { "16:9", "4:3", "1:1", "3:4", "9:16" }
local RATIO = text("ratio", nil, RATIOS)
local ADAPTIVE_RATIO = text("ratio", "adaptive", RATIOS)
local RATIO_1_5 = text("ratio", nil,
  { "16:9", "4:3", "1:1", "3:4", "9:16", "adaptive" })

local CAPITAL_P = { "720P", "1080P" }
local SMALL_P = { "480p", "720p", "1080p" }
local TO_720, TO_1080 = text("resolution", "720p", SMALL_P),
  text("resolution", "1080p", SMALL_P)
local HORSE_720, HORSE_1080 = text("resolution", "720P", CAPITAL_P),
  text("resolution", "1080P", CAPITAL_P)

local SIZES = { "832*480", "480*832", "624*624", "1280*720", "720*1280",
  "960*960", "1920*1080", "1080*1920", "1440*1440" }
local BY_FIVE = { 5, 10, 15 }

local OFF_PEAK = text("off_peak", "N", { "Y", "N" }, { flag = true })
local VIDU_DURATION = duration(10, { minimum = 1, maximum = 16 })
local VIDU_RATIO = text("ratio", "16:9",
  { "16:9", "9:16", "4:3", "3:4", "1:1" })
local VIDU_RESOLUTION = text("resolution", "1080p",
  { "540p", "720p", "1080p" })

-- Frames have three spellings, and some models need only one frame.
local function first(name, required)
  return medium("file", name, "first_frame", required)
end

local function last(name, required)
  return medium("file", name, "last_frame", required)
end

local FIRST, LAST = first("image_file1", true), last("image_file2", true)

local function references(max_count)
  return medium("files", "image_files", "reference_images", true, max_count)
end

local VIDEOS = medium("files", "video_files", "reference_videos", false)
local AUDIOS = medium("files", "audio_files", "reference_audios", false)

local function row(model, category, vendor, ...)
  local catelogid = { name = "catelogid", type = "string", required = true,
    const = category }
  return build.row("v1", model, category, vendor,
    { MODEL, catelogid, PROMPT, ... })
end

local SEEDANCE = "doubao-seedance-2-0-260128"
local SEEDANCE_FAST = "doubao-seedance-2-0-fast-260128"
local SEEDANCE_1_5 = "doubao-seedance-1-5-pro-251215"
local DREAMINA = "dreamina-seedance-2-0-260128"

local function seedance_t2v(model, vendor)
  return row(model, "t2v", vendor, TO_720, ADAPTIVE_RATIO, duration(5))
end

local function seedance_i2v(model, vendor)
  return row(model, "i2v", vendor, first("image1_file", true),
    last("image2_file", true), TO_720, ADAPTIVE_RATIO, duration(5))
end

local function seedance_ref2v(model, vendor)
  return row(model, "ref2v", vendor, RATIO, TO_1080, duration(12),
    references(), VIDEOS, AUDIOS)
end

return {
  row("wan2.2-t2i-plus", "t2i", "阿里百炼", NEGATIVE),
  row("wan2.5-t2i-preview", "t2i", "阿里百炼", NEGATIVE),
  row("wan2.2-t2i-flash", "t2i", "阿里百炼", NEGATIVE),
  row("cogview-3-flash", "t2i", "智谱AI", NEGATIVE),

  row("happyhorse-1.0-t2v", "t2v", "阿里云", HORSE_720, ADAPTIVE_RATIO,
    duration(5)),
  seedance_t2v(SEEDANCE, "豆包"),
  seedance_t2v(SEEDANCE_FAST, nil),
  seedance_t2v(DREAMINA, "We Token AI"),
  row("wan2.6-t2v", "t2v", "通义万象", NEGATIVE,
    text("size", "1920*1080", SIZES), duration(15, BY_FIVE)),
  row("viduq3-pro", "t2v", "vidu", OFF_PEAK, VIDU_DURATION, VIDU_RATIO,
    VIDU_RESOLUTION),
  row(SEEDANCE_1_5, "t2v", "豆包", RATIO_1_5, TO_1080, duration(12)),

  row("happyhorse-1.0-i2v", "i2v", "阿里云", first("image_file", true),
    HORSE_720, duration(5)),
  seedance_i2v(SEEDANCE, "豆包"),
  seedance_i2v(DREAMINA, "We Token AI"),
  row("wan2.6-r2v", "i2v", "通义万象", NEGATIVE, text("size", "1920*1080"),
    duration(15, BY_FIVE), FIRST, LAST),
  row("viduq3-pro", "i2v", "vidu", OFF_PEAK, FIRST, LAST, VIDU_DURATION,
    VIDU_RATIO, VIDU_RESOLUTION),
  row(SEEDANCE_1_5, "i2v", "豆包", RATIO_1_5, TO_1080, duration(12),
    first("image_file1", false), last("image_file2", false)),

  row("happyhorse-1.0-r2v", "ref2v", "阿里云", RATIO, HORSE_1080,
    duration(15), references(9)),
  seedance_ref2v(SEEDANCE, "豆包"),
  seedance_ref2v(DREAMINA, "We Token AI"),
}

--- The models of the legacy API, as docs/platform/api-legacy.md documents
-- them. Each model and category has an id of its own, llmid; images are URLs or
-- data URIs.
local build = require "yuanjing.generation.catalog.build"
local text, duration, medium = build.text, build.duration, build.medium

local PROMPT = { name = "prompt", type = "string", required = true }
local NEGATIVE = text("negative_prompt")

-- The API's own spelling of ratio.
local RADIO = text("radio", nil, { "16:9", "keep_ratio", "4:3", "1:1", "3:4",
  "9:16", "9:21", "21:9", "adaptive" }, { alias = "ratio" })
local PLAIN_RADIO = text("radio", nil,
  { "16:9", "4:3", "1:1", "3:4", "9:16", "9:21", "21:9" },
  { alias = "ratio" })
local RESOLUTION = text("resolution", "1080p", { "480p", "720p", "1080p" })

local SIZE = text("size", "1920*1080", { "832*480", "480*832", "624*624",
  "1280*720", "720*1280", "960*960", "1088*832", "832*1088", "1920*1080",
  "1080*1920", "1440*1440", "1632*1248", "1248*1632" })
local BY_FIVE = { 5, 10, 15 }

local OFF_PEAK = text("off_peak", "N", { "Y", "N" }, { flag = true })
local VIDU_DURATION = duration(10, { minimum = 1, maximum = 16 })
local VIDU_RATIO = text("ratio", "16:9",
  { "16:9", "9:16", "4:3", "3:4", "1:1" })
local VIDU_RESOLUTION = text("resolution", "1080p",
  { "540p", "720p", "1080p" })
-- One llmid is shared by two models.
local VIDU_MODEL = text("model", "viduq3-pro",
  { "viduq2-turbo", "viduq3-pro" })

local FIRST = medium("string", "image_file1", "first_frame", true)
local LAST = medium("string", "image_file2", "last_frame", true)

local function reference(name, required)
  return medium("string", name, "reference_images", required)
end

local function row(llmid, model, category, vendor, ...)
  local made = build.row("legacy", model, category, vendor,
    { { name = "llmid", type = "string", required = true }, ... })
  made.llmid = llmid
  return made
end

local SEEDANCE = "doubao-seedance-1-5-pro-251215"

-- Not available yet, and without a documented table: it uses that of its
-- predecessor.
local SEEDANCE_2 = row("YjjGgxO_Xma8PWsMjJvps", "seedance2.0", "t2v", "豆包",
  PROMPT, RADIO, RESOLUTION, duration(12))
SEEDANCE_2.available = false

return {
  row("CrEMkFQfRCmbmopZsCqLj", SEEDANCE, "t2v", "豆包", PROMPT, RADIO,
    RESOLUTION, duration(12)),
  row("u9HZyfDoqU6uKI6M1BTks", "wan2.6-t2v", "t2v", "通义万象", PROMPT,
    NEGATIVE, SIZE, duration(15, BY_FIVE)),
  row("r0ill7L0s6PtBS8mkmg-7", "viduq3-pro", "t2v", "vidu", PROMPT, OFF_PEAK,
    VIDU_DURATION, VIDU_RATIO, VIDU_RESOLUTION),
  SEEDANCE_2,

  row("7RTOJD6K8A7RXCMG4GnQ9", SEEDANCE, "i2v", "豆包", PROMPT, RADIO,
    RESOLUTION, duration(12),
    medium("string", "image_file1", "first_frame", false),
    medium("string", "image_file2", "last_frame", false)),
  row("FK_h7FLYnosv2TkMN4ATC", "viduq3-pro", "i2v", "vidu", VIDU_MODEL,
    PROMPT, OFF_PEAK, FIRST, LAST, VIDU_DURATION, VIDU_RATIO,
    VIDU_RESOLUTION),
  row("x4HksKp9mXR1Yv60mw6Py", "wan2.6-r2v", "i2v", "通义万象", PROMPT,
    NEGATIVE, SIZE, duration(15, BY_FIVE), FIRST, LAST),

  row("VooAIOtJdawpZjusWEzrh", SEEDANCE, "ref2v", "豆包", PROMPT, PLAIN_RADIO,
    RESOLUTION, duration(12), reference("image_file1", true),
    reference("image_file2", false), reference("image_file3", false)),
}

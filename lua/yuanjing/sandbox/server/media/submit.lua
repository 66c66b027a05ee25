--- POST /llmage/v1/image/generations, /llmage/v1/video/generations and the
-- legacy /llmage/video: checks the request and begins a task.
local answers = require "yuanjing.sandbox.server.media.answers"
local checks = require "yuanjing.sandbox.server.media.checks"
local ledger = require "yuanjing.sandbox.server.account.ledger"
local json = require "yuanjing.sandbox.server.json"
local odds = require "yuanjing.sandbox.server.media.odds"
local offers = require "yuanjing.sandbox.server.media.offers"
local play = require "yuanjing.sandbox.server.play"
local tasks = require "yuanjing.sandbox.server.media.tasks"
local utf8 = require "yuanjing.sandbox.server.media.utf8"

local submit = {}

-- Checks -------------------------------------------------------------------

-- What is wrong with the body as a whole.
local function check_body(seen)
  local form = seen.form
  if form and form.problem then
    return "Malformed multipart body: " .. form.problem
  elseif not form and not utf8.is_valid(seen.body) then
    seen.fields = {} -- as for an empty request
  end
end

local function check_texts(seen, ...)
  for _, name in ipairs { ... } do
    local problem = checks.text(seen, name)
    if problem then return problem end
  end
end

local KINDS = { t2i = "image", t2v = "video", i2v = "video", ref2v = "video" }

-- The offer; or nil and what is wrong.
local function find_v1(seen, kind)
  local problem = check_texts(seen, "prompt", "model", "catelogid")
  if problem then return nil, problem end
  local model, category = seen.fields.model, seen.fields.catelogid
  if seen.unchecked then return offers.any(model, category) end
  if KINDS[category] ~= kind then
    return nil, ("Invalid parameter catelogid: %s is not for this address")
      :format(category)
  end
  return offers.find(model, category)
end

local function find_legacy(seen)
  local problem = check_texts(seen, "prompt", "llmid")
  if problem then return nil, problem end
  local llmid = seen.fields.llmid
  if seen.unchecked then return offers.any(llmid, "t2v") end
  return offers.find_legacy(llmid)
end

local function find(seen, api, kind)
  local problem = check_body(seen)
  if problem then return nil, problem end
  local offer
  if api == "v1" then
    offer, problem = find_v1(seen, kind)
  else
    offer, problem = find_legacy(seen)
  end
  if not offer then return nil, problem end
  problem = checks.offer(seen, offer)
  if problem then return nil, problem end
  return offer
end

-- Beginning ----------------------------------------------------------------

local function names_of(kind)
  if kind == "image" then return { "image.png" } end
  return { "cover.png", "video.mp4" }
end

local FIRST_STATUS = { v1 = "CREATED", legacy = "created" }

local function begin(seen, api, kind, offer)
  local came = seen.received
  return tasks.new {
    path = seen.path, api = api, kind = kind, names = names_of(kind),
    model = offer.model, category = offer.category,
    prompt = seen.fields.prompt, seconds = seen.task_seconds,
    fields = came.fields, files = came.files, order = came.order,
    scenario = seen.scenario ~= "" and seen.scenario or nil,
    odd = odds.kept(seen),
  }
end

local function answer(task)
  -- Only the scenarios that the task keeps, not those of this request alone.
  local odd = odds.new(task, {})
  odd:apply("begin", task)
  tasks.keep(task)
  local draft = answers.new(task, odd, 1)
  draft.record = json.record("taskid", task.id,
    "status", FIRST_STATUS[task.api])
  odd:apply("submit", draft)
  return draft:finish()
end

local function handler(api, kind)
  return function(seen)
    local offer, problem = find(seen, api, kind)
    if not offer then return play.fail(400, problem) end
    local task = begin(seen, api, kind, offer)
    ledger.add(seen, { model = offer.model, kind = kind, task = task.id })
    return answer(task)
  end
end

submit.image = handler("v1", "image")
submit.video = handler("v1", "video")
submit.legacy = handler("legacy", "video")

return submit

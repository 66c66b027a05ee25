-- Data out of a text, in the shape that you want:
--   lua examples/extract.lua "张三，35岁，北京的工程师，会下棋、游泳"
local yuanjing = require "yuanjing"

local PERSON = {
  type = "object",
  properties = {
    name = { type = "string" },
    age = { type = "integer", minimum = 0, maximum = 150 },
    city = { type = "string" },
    skills = { type = "array", items = { type = "string" } },
  },
  required = { "name", "age", "city", "skills" },
  additionalProperties = false,
}

local client = yuanjing.new()
local reply, err = client:chat {
  model = "qwen3-max",
  prompt = arg[1] or "张三，35岁，北京的工程师，会下棋、游泳",
  schema = PERSON,
  repairs = 1, -- an answer that does not fit may cost one more request
}
if not reply then
  print(err)                          -- what did not fit
  print(err.partial or "")            -- and what the model said instead
  os.exit(1)
end

local person = reply.data -- checked against the schema; reply.content has its text
print(("%s, %d, %s"):format(person.name, person.age, person.city))
print(table.concat(person.skills, ", "))

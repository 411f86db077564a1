import Classification

let classifier = try TextClassifier(contentsOf: "Data/run/model.safetensors")
let prediction = classifier.classify("a wonderful film")
print(prediction.label, prediction.probability)

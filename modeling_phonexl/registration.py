"""Makes the Auto classes of `transformers` know PhoneXL; imported once, when the package hands out its first class.

Not part of a model repository: there, `auto_map` in config.json does this.
"""

from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoProcessor,
)

from modeling_phonexl.configuration_phonexl import PhoneXLConfig
from modeling_phonexl.modeling_phonexl import (
    PhoneXLForMaskedLM,
    PhoneXLForSequenceClassification,
    PhoneXLForTokenClassification,
    PhoneXLModel,
)
from modeling_phonexl.processing_phonexl import PhoneXLProcessor

# Registered for auto classes, so that `save_pretrained` copies the code into the folder.
PhoneXLConfig.register_for_auto_class()
PhoneXLModel.register_for_auto_class("AutoModel")
PhoneXLForMaskedLM.register_for_auto_class("AutoModelForMaskedLM")
PhoneXLForTokenClassification.register_for_auto_class("AutoModelForTokenClassification")
PhoneXLForSequenceClassification.register_for_auto_class("AutoModelForSequenceClassification")
PhoneXLProcessor.register_for_auto_class("AutoProcessor")

AutoConfig.register("phonexl", PhoneXLConfig)
AutoModel.register(PhoneXLConfig, PhoneXLModel)
AutoModelForMaskedLM.register(PhoneXLConfig, PhoneXLForMaskedLM)
AutoModelForTokenClassification.register(PhoneXLConfig, PhoneXLForTokenClassification)
AutoModelForSequenceClassification.register(PhoneXLConfig, PhoneXLForSequenceClassification)
AutoProcessor.register(PhoneXLConfig, PhoneXLProcessor)

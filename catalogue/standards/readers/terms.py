"""The terms of the vocabularies whose JSON-LD contexts are never fetched.

One line a namespace: name=local name where they differ, @ for an address, ^ for a type. Written
from the published vocabularies of DCAT-AP 3 and MLDCAT-AP 3.1 (SEMIC, CC BY 4.0), DCAT-US 1.1 and
schema.org.
"""

NAMESPACES = {
    "adms": "http://www.w3.org/ns/adms#",
    "biro": "http://purl.org/spar/biro/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "dqv": "http://www.w3.org/ns/dqv#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "frapo": "http://purl.org/cerif/frapo/",
    "it6": "http://data.europa.eu/it6/",
    "lpwcc": "https://linkedpaperswithcode.com/class/",
    "lpwcp": "https://linkedpaperswithcode.com/property/",
    "m8g": "http://data.europa.eu/m8g/",
    "mls": "http://www.w3.org/ns/mls#",
    "mlso": "http://w3id.org/mlso/",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "pod": "https://project-open-data.cio.gov/v1.1/schema#",
    "prov": "http://www.w3.org/ns/prov#",
    "qb": "http://purl.org/linked-data/cube#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

DCAT_AP_CLASSES = """
adms: Identifier
dcat: Catalogue=Catalog CatalogueRecord=CatalogRecord Dataset DatasetSeries DataService Distribution
    DatasetMemberOfADatasetSeries=Dataset Relationship Role CataloguedResource=Resource
dct: LicenceDocument=LicenseDocument LinguisticSystem Location MediaType PeriodOfTime
    ProvenanceStatement RightsStatement Standard Frequency
foaf: Agent Document
prov: Activity Attribution
skos: Concept ConceptScheme
spdx: Checksum ChecksumAlgorithm
vcard: Kind
"""
DCAT_AP_PROPERTIES = """
adms: identifier.other=identifier@ versionNotes status@ sample@
dcat: contactPoint@ inSeries@ next@ previous=prev@ first@ last@ seriesMember@ keyword theme@
    landingPage@ dataset@ service@ catalogue=catalog@ record@ datasetDistribution=distribution@
    distribution@ accessURL@ accessUrl=accessURL@ downloadURL@ downloadUrl=downloadURL@ byteSize
    mediaType@ compressionFormat=compressFormat@ packagingFormat=packageFormat@ accessService@
    endpointURL@ endpointUrl=endpointURL@ endpointDescription@ servesDataset@ startDate endDate
    spatialResolution=spatialResolutionInMeters temporalResolution version hasVersion@ bbox centroid
    qualifiedRelation@
dcatap: applicableLegislation@ availability@ hvdCategory@
dct: title description publisher@ creator@ releaseDate=issued^xsd:date
    modificationDate=modified^xsd:date frequency=accrualPeriodicity@ geographicalCoverage=spatial@
    temporalCoverage=temporal@ language@ licence=license@ license@ rights@ accessRights@
    conformsTo@ identifier format@ provenance@ source@ isReferencedBy@ relatedResource=relation@
    type@ isVersionOf@ hasPart@
foaf: name homepage@ documentation=page@ primaryTopic@
odrl: hasPolicy@
prov: qualifiedAttribution@ wasGeneratedBy@
spdx: checksum@ algorithm@ checksumValue
vcard: fn hasEmail@ hasURL@
"""
# Terms that the examples of DCAT-AP give a language map.
LANGUAGE_MAPS = frozenset({"title", "description"})

DCAT_US_CLASSES = """
dcat: Catalog Dataset Distribution
org: Organization
vcard: Contact=Kind
"""
DCAT_US_PROPERTIES = """
dcat: contactPoint dataset distribution accessURL@ downloadURL@ mediaType keyword landingPage@ theme
dct: title description modified issued publisher identifier accrualPeriodicity conformsTo@ format
    isPartOf language license@ references@ rights spatial temporal
foaf: homepage@ name
pod: accessLevel bureauCode programCode dataQuality primaryITInvestmentUII systemOfRecords
    describedBy@ describedByType
vcard: fn hasEmail
"""

MLDCAT_AP_CLASSES = """
biro: BibliographicReference
dcat: Catalogue=Catalog CatalogueRecord=CatalogRecord CataloguedResource=Resource
    DataService Dataset Distribution
dct: LicenceDocument=LicenseDocument LinguisticSystem Location MediaType MediaTypeOrExtent
    RightsStatement Standard
dqv: QualityMeasurement QualityMeasurementDataset
foaf: Agent Document
it6: Benchmark Collection ComputerInfrastructure CostMatrix DataQuality Engagement
    EnvironmentalImpact EstimationProcedure Evaluation EvaluationMeasure Feature File Flow
    FlowParameter Hardware HarmRisk Library MachineLearningModel Measure Modality
    OutputFileDescription Parameter Prediction PredictionFeature Run RunCollection Split
    Task TaskCollection TaskType
lpwcc: Paper=paper Repository=repository
m8g: ImageObject
mls: Algorithm
odrl: Policy
prov: Activity
rdfs: Literal Resource TemporalLiteral=Literal
skos: Concept
spdx: Checksum ChecksumAlgorithm
xsd: HexBinary=hexBinary Integer=integer NonNegativeInteger=nonNegativeInteger
"""
MLDCAT_AP_PROPERTIES = """
adms: status@
dcat: accessService@ accessUrl=accessURL@ byteSize^xsd:nonNegativeInteger dataset@
    datasetDistribution=distribution@ downloadUrl=downloadURL@ endpointUrl=endpointURL@
    hasVersion@ keyword landingPage@ mediaType@ record@ servesDataset@ service@ theme@
    version
dct: abstract accessRights@ bibliographicCitation contributor@ created creator@ date
    description format@ geographicalCoverage=spatial@ id=identifier identifier
    isReferencedBy@ isVersionOf@ language@ licence=license@ linkedSchemas=conformsTo@
    modificationDate=modified modified name=title publisher@ references@ releaseDate=issued
    subject title type@
dpv: hasData@
dqv: hasQualityMeasurement@
foaf: homepage@ primaryTopic@
frapo: isFundedBy@
it6: arrayData bias biasMethod carbonEmitted className classification@ collectionDate
    collectionMethod component creationDate curationMethod customName dataProvenance
    defaultTargetAttribute defaultValue descriptionVersion designSpecifications
    download^xsd:integer errorMessage evaluationEngineId=evaluationEngine evaluationResults
    evaluationStrategies externalVersion featureIndex@ fineTunedFrom@ fold hasBenchmark@
    hasBibliographicReference@ hasCostMatrix@ hasDependency@ hasDocument@ hasEngagement@
    hasEstimationProcedure@ hasEvaluation@ hasEvaluationMeasure@ hasFeature@ hasFile@
    hasFlow@ hasFlowParameter@ hasHardware@ hasInferencingImpact@ hasInputModality@
    hasLibrary@ hasOutput@ hasOutputFileDescription@ hasOutputFilePrediction@
    hasOutputModality@ hasParameter@ hasPrediction@ hasPredictionFeature@ hasProvider@
    hasRegisteredUser@ hasRepository@ hasRisk@ hasRun@ hasSplit@ hasTask@ hasTaskType@
    hasTrainingImpact@ hasUploader@ hasVariation@ howToUse ignoreAttribute implementation
    intendedUse intervalEnd intervalStart isAppliedTo@ isExecutedBy@ like^xsd:integer
    limitations measurementMethodology methodOfDistribution mitigation modelArchitecture
    nature@ numberOfDatapoints^xsd:nonNegativeInteger placedOnMarketDate powerConsumption
    probability processingDate processingError processingWarning ranOn@ recommendedRange
    repeat rowIdAttribute=rowIDAttribute runDetails sample sampleSize servesModel@ setupId
    setupString severity shortDescription size source@ sourceData@ stdev targetFeature@
    testedOn@ testingDescription totalNumberOfParameters^xsd:nonNegativeInteger trainedOn@
    trainingMethodologies trainingProcess trainingTime unsuitabilityMethod uploaded url@
    validatedOn@ value valueBad valueGood versionLabel visibility@
lpwcp: hasModel@
m8g: logo@
mls: executes=realizes@
mlso: hasAlgorithmType@ hasLearningMethodType@
odrl: hasPolicy@
prov: actedOnBehalfOf@ wasGeneratedBy@
rdfs: label
spdx: algorithm@ checksum@ checksumValue^xsd:hexBinary
"""
# Properties that mean something else on one class.
MLDCAT_AP_EXCEPTIONS = """
dct: BibliographicReference.format=format
dqv: QualityMeasurement.value=value
foaf: Agent.name=name
it6: Flow.version=version Library.version=version
    MachineLearningModel.releaseDate=releaseDate
lpwcp: Paper.hasRepository=hasRepository@
qb: QualityMeasurement.dataset=dataSet@
skos: TaskType.description=definition TaskType.id=notation TaskType.title=prefLabel
"""
EOSC_PROPERTIES = """
dcat: tags=keyword
dct: title description created^xsd:date updated=modified^xsd:date id=identifier categories=type@
it6: metadata_version=version summary=shortDescription source_code=hasRepository@
    dataset=trainedOn@ libraries=hasMachineLearningLibrary@ tasks=hasTaskType@
"""
